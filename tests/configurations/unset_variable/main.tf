variable "must_be_set" {
  type = number
}
