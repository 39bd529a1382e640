check "size" {
  assert {
    condition     = terraform_data.this.input > 10
    error_message = "the size is not more than ten"
  }
}

resource "terraform_data" "this" {
  input = 5
}
