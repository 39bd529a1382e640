variable "name" {
  type = string
}

resource "terraform_data" "this" {
  input = "hello ${var.name}"
}

output "text" {
  value = terraform_data.this.output
}
