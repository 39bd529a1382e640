"""What the journeys find in the portal: people, and places that each test makes for itself."""

from dataclasses import dataclass, field

from tests.journeys.portal import ADMIN_TOKEN, PASSWORD, Caller

PEOPLE = ("alice", "dave", "vera", "sam")
ROLES = {"alice": "owner", "dave": "deployer", "vera": "viewer"}
PLAIN = {
    "main.tf": """
variable "size" {
  default = "small"
}

resource "terraform_data" "server" {
  input = { size = var.size, zone = "a" }
}

output "size" {
  value = terraform_data.server.output.size
}
"""
}


@dataclass(frozen=True)
class Place:
    """A stack in a workspace, of a project of its own."""

    project: str
    stack: str
    workspace: str

    @property
    def names(self):
        return {"project": self.project, "stack": self.stack, "workspace": self.workspace}

    @property
    def project_url(self):
        return f"/projects/{self.project}"

    @property
    def stack_url(self):
        return f"{self.project_url}/stacks/{self.stack}"

    @property
    def workspace_url(self):
        return f"/workspaces/{self.workspace}"

    @property
    def url(self):
        return f"{self.stack_url}/workspaces/{self.workspace}"


@dataclass
class House:
    """The portal, told in nouns."""

    url: str
    people: dict[str, Caller] = field(default_factory=dict)

    @property
    def ada(self):
        return Caller(self.url, ADMIN_TOKEN)

    def __getattr__(self, name):
        if name not in PEOPLE:
            raise AttributeError(name)
        return self.people[name]

    def settle(self):
        """Make the people."""
        for name in PEOPLE:
            email = f"{name}@example.com"
            person = {"email": email, "name": name.title(), "password": PASSWORD}
            self.ada.post("/users", person)
            token = self.ada.post("/tokens", {"name": "journeys", "user": email})["token"]
            self.people[name] = Caller(self.url, token)
        return self

    def place(self, name, code=None, *, protected=False, **stack):
        """A project with a stack `web` of this code in a workspace, and everybody's roles."""
        here = Place(name, "web", f"{name}-staging")
        members = [{"user": f"{who}@example.com", "role": role} for who, role in ROLES.items()]
        self.ada.post("/projects", {"name": here.project})
        self.ada.post("/workspaces", {"name": here.workspace, "protected": protected})
        self.ada.put(f"/projects/{here.project}/members", members)
        self.ada.put(f"/workspaces/{here.workspace}/members", members)
        source = self.alice.upload(here.project, code or PLAIN)
        wanted = {"name": here.stack, "engine": "terraform", "source": source, **stack}
        self.alice.post(f"/projects/{here.project}/stacks", wanted)
        return here

    def applied(self, place, **more):
        """A finished apply."""
        run = self.dave.run(place, "apply", auto_apply=True, **more)
        return self.dave.until(run, "finished")

    def waiting(self, place, **more):
        """A run that waits for a person."""
        return self.dave.until(self.dave.run(place, "apply", **more), "unconfirmed")
