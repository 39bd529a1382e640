# An ephemeral value is in no plan and no state: it has to be there again at apply.

variable "token" {
  type      = string
  ephemeral = true
}

resource "terraform_data" "this" {
  input = "no token in here"

  provisioner "local-exec" {
    command = "test -n \"$TOKEN\" && echo the token was there"
    environment = {
      TOKEN = var.token
    }
  }
}
