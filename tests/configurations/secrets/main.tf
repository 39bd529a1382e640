variable "password" {
  type      = string
  sensitive = true
}

variable "region" {
  type    = string
  default = "nowhere"
}

resource "terraform_data" "login" {
  input = { user = "ada", password = var.password }
}

output "password" {
  value     = var.password
  sensitive = true
}

output "region" {
  value = var.region
}
