"""The routes of projects, stacks, workspaces, deployments, members, variables."""

from models.variable import Category
from services import locks, variables
from tests.rules.matrix.case import ADMIN, DEPLOYERS, EVERYONE, MEMBERS, OWNERS, Case

SAM = "sam"
SHOP = {"project": "shop"}
WEB = SHOP | {"stack": "web"}
SKETCH = SHOP | {"stack": "sketch"}
PROD = {"workspace": "prod"}
PLACE = WEB | {"workspace": "staging"}
MEMBER = [{"user": "alice@example.com", "role": "owner"}]
SIZE = {"name": "size"}
STACK = {
    "engine": "terraform",
    "source": "none",
    "cancel_grace_s": "30 m",
    "max_duration_s": "12 h",
    "silence_notice_s": "10 m",
    "plan_expires_s": "",
}
VALUE = {"value": "small"}
NEW_SIZE = {"name": "size", "value": "small", "category": "terraform"}


def _vera(world):
    return world.people["vera"].id


def _of(place):
    """Put a variable `size` into a place of the world, as its owner does."""

    def put(world):
        places = {
            "project": world.project,
            "stack": world.stack,
            "workspace": world.prod,
            "deployment": world.deployment(),
        }
        new = variables.NewValue(value="large", category=Category.TERRAFORM)
        variables.put(world.alice, places[place], "size", new)

    return put


def _deployed_once(world):
    world.deployment()


def _locked_by(name):
    def lock(world):
        locks.lock(world.actor(name), world.deployment(), "")

    return lock


def _shown(endpoint, names):
    return Case(endpoint, MEMBERS, blind=SAM, names=names)


def _owned(endpoint, status, names, **more):
    return Case(endpoint, OWNERS, status, blind=SAM, names=names, **more)


def _deployed(endpoint, status, names, **more):
    return Case(endpoint, DEPLOYERS, status, blind=SAM, names=names, **more)


PLACES = {"project": SHOP, "stack": WEB, "workspace": PROD, "deployment": PLACE}

CASES = [
    Case("projects.index", EVERYONE),
    Case("projects.new", ADMIN),
    Case("projects.create", ADMIN, 303, send={"name": "pay"}),
    _shown("projects.show", SHOP),
    _shown("projects.runs", SHOP),
    _owned("projects.settings", 200, SHOP),
    _owned("projects.edit", 303, SHOP, send={"title": "Shop"}),
    _owned("projects.confirm_delete", 200, SHOP),
    _owned("projects.delete", 303, SHOP, send={"confirm": "shop"}),
    Case("workspaces.index", EVERYONE),
    Case("workspaces.new", ADMIN),
    Case("workspaces.create", ADMIN, 303, send={"name": "qa"}),
    _shown("workspaces.show", PROD),
    _shown("workspaces.runs", PROD),
    _owned("workspaces.settings", 200, PROD),
    _owned("workspaces.edit", 303, PROD, send={"title": "Production"}),
    _owned("workspaces.confirm_delete", 200, PROD),
    _owned("workspaces.delete", 303, PROD, send={"confirm": "prod"}),
    _owned("stacks.new", 200, SHOP),
    _owned("stacks.create", 303, SHOP, send=STACK | {"name": "db"}),
    _shown("stacks.show", WEB),
    _shown("stacks.runs", WEB),
    _owned("stacks.settings", 200, WEB),
    _owned("stacks.edit", 303, WEB, send=STACK | {"title": "Web"}),
    _owned("stacks.publish", 303, SKETCH, send={}),
    _owned("stacks.unpublish", 303, WEB, send={}),
    _owned("stacks.confirm_delete", 200, WEB),
    _owned("stacks.delete", 303, WEB, send={"confirm": "web"}),
    _shown("deployments.show", PLACE),
    _shown("deployments.runs", PLACE),
    _shown("deployments.resources", PLACE),
    _shown("deployments.outputs", PLACE),
    _deployed("deployments.lock", 303, PLACE, send={"note": "hands off"}),
    _owned("deployments.confirm_unlock", 200, PLACE, before=_locked_by("dave")),
    Case(
        "deployments.unlock",
        "dave alice ada",  # The others are told to say that they force it.
        303,
        blind=SAM,
        names=PLACE,
        send={},
        before=_locked_by("dave"),
    ),
    _shown("members.of_project", {"name": "shop"}),
    _shown("members.of_workspace", {"name": "prod"}),
    *(
        _owned(
            f"members.put_of_{noun}",
            303,
            {"name": name},
            send={"who": "sam@example.com", "role": "viewer"},
        )
        for noun, name in (("project", "shop"), ("workspace", "prod"))
    ),
    *(
        _owned(f"members.delete_of_{noun}", 303, {"name": name, "holder_id": _vera}, send={})
        for noun, name in (("project", "shop"), ("workspace", "prod"))
    ),
    *(_shown(f"variables.of_{noun}", names) for noun, names in PLACES.items()),
    *(
        _deployed(f"variables.show_of_{noun}", 200, names | SIZE, before=_of(noun))
        for noun, names in PLACES.items()
    ),
    *(
        _deployed(f"variables.create_of_{noun}", 303, names, send=NEW_SIZE)
        for noun, names in PLACES.items()
    ),
    *(
        _deployed(f"variables.edit_of_{noun}", 303, names | SIZE, send=NEW_SIZE, before=_of(noun))
        for noun, names in PLACES.items()
    ),
    *(
        _deployed(f"variables.delete_of_{noun}", 303, names | SIZE, send={}, before=_of(noun))
        for noun, names in PLACES.items()
    ),
    Case("api_projects.index", EVERYONE),
    Case("api_projects.create", ADMIN, 201, send={"name": "pay"}),
    _shown("api_projects.show", SHOP),
    _owned("api_projects.edit", 200, SHOP, send={"title": "Shop"}),
    _owned("api_projects.delete", 204, SHOP, query="?confirm=shop"),
    Case("api_workspaces.index", EVERYONE),
    Case("api_workspaces.create", ADMIN, 201, send={"name": "qa"}),
    _shown("api_workspaces.show", PROD),
    _owned("api_workspaces.edit", 200, PROD, send={"title": "Production"}),
    _owned("api_workspaces.delete", 204, PROD, query="?confirm=prod"),
    _shown("api_stacks.index", SHOP),
    _owned("api_stacks.create", 201, SHOP, send={"name": "db"}),
    _shown("api_stacks.show", WEB),
    _owned("api_stacks.edit", 200, WEB, send={"title": "Web"}),
    _owned("api_stacks.publish", 200, SKETCH),
    _owned("api_stacks.unpublish", 200, WEB),
    _owned("api_stacks.delete", 204, WEB, query="?confirm=web"),
    Case("api_deployments.show", MEMBERS, blind=SAM, names=PLACE, before=_deployed_once),
    _shown("api_deployments.of_stack", WEB),
    _shown("api_deployments.of_workspace", PROD),
    _shown("api_deployments.resources", PLACE),
    _shown("api_deployments.outputs", PLACE),
    _deployed("api_deployments.lock", 200, PLACE, send={"note": "hands off"}),
    Case(
        "api_deployments.unlock",
        "dave",
        204,
        names=PLACE,
        before=_locked_by("dave"),
        blind=SAM,
        refused=409,
    ),
    _shown("api_members.of_project", SHOP),
    _shown("api_members.of_workspace", PROD),
    _owned("api_members.replace_of_project", 200, SHOP, send=MEMBER),
    _owned("api_members.replace_of_workspace", 200, PROD, send=MEMBER),
    *(_shown(f"api_variables.of_{noun}", names) for noun, names in PLACES.items()),
    *(
        Case(
            f"api_variables.show_of_{noun}",
            MEMBERS,
            blind=SAM,
            names=names | SIZE,
            before=_of(noun),
        )
        for noun, names in PLACES.items()
    ),
    *(
        _deployed(f"api_variables.put_of_{noun}", 200, names | SIZE, send=VALUE, before=_of(noun))
        for noun, names in PLACES.items()
    ),
    *(
        _deployed(f"api_variables.delete_of_{noun}", 204, names | SIZE, before=_of(noun))
        for noun, names in PLACES.items()
    ),
]
