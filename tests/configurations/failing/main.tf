resource "terraform_data" "this" {
  provisioner "local-exec" {
    command = "echo about to fail; exit 3"
  }
}
