#!/bin/sh
set -e
echo "pulling the image"
serve --port 8080
