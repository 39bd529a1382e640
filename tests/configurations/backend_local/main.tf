terraform {
  backend "local" {
    path          = "kept/terraform.tfstate"
    workspace_dir = "kept/by-workspace"
  }
}

resource "terraform_data" "this" {
  input = terraform.workspace
}
