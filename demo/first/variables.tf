variable "environment" {
  type        = string
  description = "Where this runs; set on the workspace."
}

variable "owner" {
  type    = string
  default = "core"
}

variable "image_version" {
  type    = string
  default = "1.8.2"
}

variable "server_size" {
  type    = string
  default = "small"
}

variable "servers" {
  type    = list(string)
  default = ["blue", "green"]
}

variable "zones" {
  type    = list(string)
  default = ["eu-1a", "eu-1b"]
}

variable "database_password" {
  type      = string
  sensitive = true
}
