resource "terraform_data" "replaced" {
  input            = "one"
  triggers_replace = ["a"]
}

resource "terraform_data" "updated" {
  input = { size = 1, same = "x" }
}

resource "terraform_data" "deleted" {
  input = "gone soon"
}

resource "terraform_data" "old_name" {
  input = "stays"
}

resource "terraform_data" "forgotten" {
  input = "left alone"
}

output "size" {
  value = 1
}
