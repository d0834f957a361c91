# A page that says since when it is there.
terraform {
  required_version = ">= 1.6"
}

variable "root" {
  type        = string
  description = "Where pages are."
}

variable "title" {
  type    = string
  default = "Orders"
}

locals {
  heading = "# ${var.title}"
}

resource "time_static" "started" {
  triggers = { title = var.title }
}

resource "local_file" "page" {
  filename        = "${var.root}/index.md"
  content         = "${local.heading}, since ${time_static.started.rfc3339}\n"
  file_permission = "0644"
}

output "path" {
  value = local_file.page.filename
}
