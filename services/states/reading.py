"""What a state file says, read by its engine. Contents are secrets: no page shows them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b, sha256
from typing import Any

from lib.masking import Masker
from services.house import house


@dataclass(frozen=True)
class KeptResource:
    """A resource of a state, as its engine describes it. `digest` tells whether it changed."""

    address: str
    module: str
    type: str
    provider: str
    instance_id: str
    digest: str


@dataclass(frozen=True)
class KeptOutput:
    """An output of a state, in clear."""

    value: Any
    type: Any
    sensitive: bool


@dataclass(frozen=True)
class State:
    """A state file and what it says of itself."""

    content: bytes = field(repr=False)
    serial: int
    lineage: str
    resources: Sequence[KeptResource]
    outputs: Mapping[str, KeptOutput] = field(repr=False)

    @property
    def sha256(self) -> str:
        """The digest of the content, in hexadecimal."""
        return sha256(self.content).hexdigest()


_NO_SECRETS = Masker(())


def read(engine: str, content: bytes, masker: Masker = _NO_SECRETS) -> State | None:
    """What a state says; None for an empty one.

    An output that holds a secret the masker knows is sensitive, declared so or not.

    Raises:
        ValueError: with a sentence, when it is no state of this engine.
    """
    try:
        facts = house().engines[engine].read_state(content)
        return None if facts is None else _state(content, facts, masker)
    except (TypeError, AttributeError, KeyError, RecursionError) as error:
        raise ValueError("This state has parts that cannot be read.") from error


def _state(content: bytes, facts: Any, masker: Masker) -> State:
    digests = _digests(content)
    return State(
        content=content,
        serial=facts.serial,
        lineage=facts.lineage,
        resources=[
            KeptResource(
                address=instance_address(resource.address, key),
                module=resource.module,
                type=resource.type,
                provider=resource.provider,
                instance_id=masker.mask_text(identity or ""),
                digest=digests.get((resource.address, json.dumps(key)), ""),
            )
            for resource in facts.resources
            if resource.mode == "managed"
            for key, identity in zip(resource.instances, resource.ids, strict=True)
        ],
        outputs={
            name: KeptOutput(
                output.value,
                output.type,
                output.sensitive or masker.mask_value(output.value) != output.value,
            )
            for name, output in facts.outputs.items()
        },
    )


def instance_address(address: str, key: str | int | None) -> str:
    """The address of one instance of a resource."""
    return address if key is None else f"{address}[{json.dumps(key, ensure_ascii=False)}]"


def instances(content: bytes) -> Mapping[str, Mapping[str, Any]]:
    """The instances of a readable state by address, as the file has them; `_resource` is added."""
    found: dict[str, Mapping[str, Any]] = {}
    for resource in json.loads(content).get("resources") or []:
        if resource.get("mode") == "data":
            continue
        address = _address(resource)
        for instance in resource.get("instances") or []:
            if not instance.get("deposed"):
                where = instance_address(address, instance.get("index_key"))
                found[where] = {**instance, "_resource": resource}
    return found


def _address(resource: Mapping[str, Any]) -> str:
    name = f"{resource.get('type')}.{resource.get('name')}"
    module = resource.get("module")
    return f"{module}.{name}" if module else name


def _digests(content: bytes) -> dict[tuple[str, str], str]:
    """A digest of each instance's attributes, by which a later state shows what it changed."""
    found: dict[tuple[str, str], str] = {}
    for resource in json.loads(content).get("resources") or []:
        for instance in resource.get("instances") or []:
            if not instance.get("deposed"):
                key = json.dumps(instance.get("index_key"))
                found[_address(resource), key] = _digest(instance.get("attributes"))
    return found


def _digest(attributes: Any) -> str:
    return blake2b(json.dumps(attributes, sort_keys=True).encode(), digest_size=16).hexdigest()
