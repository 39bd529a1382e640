# Secrets that terraform is not told of: only Gantry knows what they are.

variable "token" {
  type = string
}

variable "pin" {
  type = number
}

resource "terraform_data" "login" {
  input = { token = var.token, pin = var.pin, open = 7 }
}

output "token" {
  value = "it is ${var.token}"
}

output "open" {
  value = 7
}
