/* A backend without workspaces. The port is one where nobody listens:
terraform { backend "consul" {} } in a comment is no backend. */
terraform {
  backend "http" {
    address        = "http://127.0.0.1:9/state"
    retry_max      = 0
    retry_wait_max = 1
  }
}
