# Modules, count, for_each, a command, outputs of every kind.

variable "names" {
  type    = set(string)
  default = ["ada", "grace"]
}

module "greeting" {
  source   = "./greeting"
  for_each = var.names
  name     = each.key
}

resource "terraform_data" "counted" {
  count = 2
  input = { index = count.index, workspace = terraform.workspace }
}

resource "terraform_data" "command" {
  provisioner "local-exec" {
    command = "echo out of the command; echo home is $HOME"
  }
}

output "greetings" {
  value = { for name, greeting in module.greeting : name => greeting.text }
}

output "workspace" {
  value = terraform.workspace
}
