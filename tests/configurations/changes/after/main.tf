resource "terraform_data" "replaced" {
  input            = "one"
  triggers_replace = ["b"]
}

resource "terraform_data" "updated" {
  input = { size = 2, same = "x" }
}

resource "terraform_data" "new_name" {
  input = "stays"
}

moved {
  from = terraform_data.old_name
  to   = terraform_data.new_name
}

removed {
  from = terraform_data.forgotten

  lifecycle {
    destroy = false
  }
}

import {
  to = terraform_data.imported
  id = "an-identity"
}

resource "terraform_data" "imported" {}

resource "terraform_data" "created" {
  input = "new"
}

output "size" {
  value = 2
}
