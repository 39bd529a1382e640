variable "environment" {
  type        = string
  description = "Where this runs; set on the workspace."
}

variable "owner" {
  type    = string
  default = "payments"
}

variable "image_version" {
  type    = string
  default = "1.9.0"
}

variable "server_size" {
  type    = string
  default = "medium"
}

variable "servers" {
  type    = list(string)
  default = ["blue", "green", "amber"]
}

variable "zones" {
  type    = list(string)
  default = ["eu-1a", "eu-1b", "eu-1c"]
}

variable "database_password" {
  type      = string
  sensitive = true
}
