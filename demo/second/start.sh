#!/bin/sh
set -eu
echo "pulling the image"
migrate --database web
serve --port 8080 --workers 4
