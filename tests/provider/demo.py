"""The provider `demo`: files, ids and servers of a make-believe cloud, kept under one directory."""

import hashlib
import json
import secrets
import time
from pathlib import Path

from tf.blocks import SetNestedBlock
from tf.iface import DataSource, Provider, Resource
from tf.schema import Attribute, Block, Schema
from tf.types import Bool, List, Map, NormalizedJson, Number, Set, String, Unknown


def required(name, kind, **more):
    return Attribute(name, kind, required=True, **more)


def optional(name, kind, **more):
    return Attribute(name, kind, optional=True, **more)


def computed(name, kind, **more):
    return Attribute(name, kind, computed=True, **more)


class File(Resource):
    """A real file: change it behind terraform's back, and it drifts."""

    def __init__(self, provider):
        self.root = provider.root

    @classmethod
    def get_name(cls):
        return "file"

    @classmethod
    def get_schema(cls):
        # Without a version every refresh would warn of a default upgrade.
        return Schema(
            version=0,
            attributes=[
                required("filename", String(), requires_replace=True),
                optional("content", String()),
                optional("secret_content", String(), sensitive=True),
                computed("id", String()),
                computed("size", Number()),
            ],
        )

    def plan(self, context, current, planned):
        del current
        if context.changed_fields & {"content", "secret_content"}:
            planned |= {"id": Unknown, "size": Unknown}
        return planned

    def create(self, context, planned):
        del context
        path = self._path(planned)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._text(planned))
        return planned | self._computed(path.read_bytes())

    def update(self, context, current, planned):
        del current
        return self.create(context, planned)

    def read(self, context, current):
        del context
        path = self._path(current)
        if not path.exists():
            return None
        name = "secret_content" if current.get("content") is None else "content"
        return {**current, **self._computed(path.read_bytes()), name: path.read_text()}

    def delete(self, context, current):
        del context
        self._path(current).unlink(missing_ok=True)

    def import_(self, context, identity):
        return self.read(context, {"filename": identity, "content": "", "secret_content": None})

    def _path(self, state):
        return Path(self.root, state["filename"])

    @staticmethod
    def _text(state):
        return state.get("content") or state.get("secret_content") or ""

    @staticmethod
    def _computed(content):
        return {"id": hashlib.sha256(content).hexdigest()[:16], "size": len(content)}


class Server(Resource):
    """A server that takes `delay` seconds to make, and cannot be made when it is to `fail`."""

    def __init__(self, provider):
        self.folder = Path(provider.root, "servers")

    @classmethod
    def get_name(cls):
        return "server"

    @classmethod
    def get_schema(cls):
        rule = [
            required("port", Number()),
            required("cidr", String()),
            optional("key", String(), sensitive=True),
        ]
        return Schema(
            version=0,
            attributes=[
                required("name", String()),
                required("image", String(), requires_replace=True),
                optional("size", String()),
                optional("user_data", String()),
                optional("policy", NormalizedJson()),
                optional("tags", Map(String())),
                optional("zones", Set(String())),
                optional("dns", List(String())),
                optional("password", String(), sensitive=True),
                optional("delay", Number()),
                optional("fail", Bool()),
                computed("id", String()),
                computed("ip", String()),
                computed("token", String(), sensitive=True),
            ],
            block_types=[SetNestedBlock("rule", Block(attributes=rule))],
        )

    def create(self, context, planned):
        time.sleep(planned.get("delay") or 0)
        if planned.get("fail"):
            context.diagnostics.add_error("quota exceeded", f"cannot create {planned['name']}")
            return None
        made = {
            "id": f"srv-{secrets.token_hex(4)}",
            "ip": f"10.0.0.{secrets.randbelow(250) + 1}",
            "token": secrets.token_hex(8),
        }
        return self._kept(planned | made)

    def update(self, context, current, planned):
        del context, current
        time.sleep(planned.get("delay") or 0)
        return self._kept(planned)

    def read(self, context, current):
        del context
        path = self._path(current["id"])
        return json.loads(path.read_text()) if path.exists() else None

    def delete(self, context, current):
        del context
        time.sleep(current.get("delay") or 0)
        self._path(current["id"]).unlink(missing_ok=True)

    def import_(self, context, identity):
        found = self.read(context, {"id": identity})
        if found is None:
            context.diagnostics.add_error("not found", f"there is no server {identity}")
        return found

    def _path(self, server_id):
        return self.folder / f"{server_id}.json"

    def _kept(self, state):
        self.folder.mkdir(parents=True, exist_ok=True)
        self._path(state["id"]).write_text(json.dumps(state))
        return state


class FileData(DataSource):
    """The text of a file."""

    def __init__(self, provider):
        self.root = provider.root

    @classmethod
    def get_name(cls):
        return "file"

    @classmethod
    def get_schema(cls):
        return Schema(attributes=[required("filename", String()), computed("content", String())])

    def read(self, context, config):
        del context
        name = config["filename"]
        return {"filename": name, "content": Path(self.root, name).read_text()}


class DemoProvider(Provider):
    """Registers the kinds of things; `root` is where they are kept."""

    def __init__(self):
        self.root = str(Path.cwd())

    def get_model_prefix(self):
        return "demo_"

    def full_name(self):
        return "registry.terraform.io/gantry/demo"

    def get_provider_schema(self, diagnostics):
        del diagnostics
        return Schema(attributes=[optional("root", String())])

    def validate_config(self, diagnostics, config):
        pass

    def configure_provider(self, diagnostics, config):
        del diagnostics
        self.root = config.get("root") or self.root

    def get_data_sources(self):
        return [FileData]

    def get_resources(self):
        return [File, Server]
