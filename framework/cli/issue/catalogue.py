"""Labels, milestones and users alike: listed, made, changed and taken away."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ...domain.entry import Entry, Label, Milestone, User
from ...domain.errors import UsageError
from ...domain.issue import UNCLOSED
from ...domain.legible import clean
from ...domain.query import Field, Match, Query
from .._options import OK, REFUSED, Parser
from .command import Command, Group, name
from .consent import add_yes, agreed
from .context import Context

if TYPE_CHECKING:
    from ...facade.facade import Facade

E = TypeVar("E", Label, Milestone, User)


@dataclass(frozen=True, kw_only=True)
class Catalogue(Generic[E]):
    """One kind of entries. `field` is where issues name them, `columns` what of their documents
    people see; `arguments` adds an option for each of the entry's `fields`, without a default."""

    noun: str
    kind: type[E]
    field: Field
    columns: tuple[str, ...]
    arguments: Callable[[Parser], None]
    fields: tuple[str, ...]
    example: str
    options: str

    def group(self) -> Group:
        return Group(
            help=f"the {self.noun}s",
            description=f"The project's {self.noun}s. What an issue names is one without "
            "further say.",
            commands={
                "list": self._lists(),
                "create": self._creates(),
                "edit": self._edits(),
                "delete": self._deletes(),
            },
        )

    def _lists(self) -> Command:
        return Command(
            help="all of them",
            description=f"List the {self.noun}s by name, with the number of issues of each that "
            "are not closed.",
            examples=(f"issue {self.noun} list", f"issue {self.noun} list --json"),
            run=self._list,
            reads=True,
            lists=True,
        )

    def _creates(self) -> Command:
        def arguments(parser: Parser) -> None:
            parser.add_argument("name", type=name, metavar="NAME")
            self.arguments(parser)

        return Command(
            help="a new one",
            description=f"Make a {self.noun}. Exit code 3 when there is one of that name.",
            examples=(f"issue {self.noun} create {self.example} {self.options}",),
            arguments=arguments,
            run=self._create,
            creates=True,
        )

    def _edits(self) -> Command:
        def arguments(parser: Parser) -> None:
            parser.add_argument("name", type=name, metavar="NAME")
            parser.add_argument("--name", dest="new_name", type=name, metavar="NEW")
            self.arguments(parser)

        return Command(
            help="change one",
            description=f"Change a {self.noun}. A new name is changed on all issues too.",
            examples=(f"issue {self.noun} edit {self.example} {self.options}",),
            arguments=arguments,
            run=self._edit,
        )

    def _deletes(self) -> Command:
        def arguments(parser: Parser) -> None:
            parser.add_argument("name", type=name, metavar="NAME")
            add_yes(parser)

        return Command(
            help="take one away",
            description=f"Take a {self.noun} away, off all issues too. This cannot be undone.",
            examples=(f"issue {self.noun} delete {self.example}",),
            arguments=arguments,
            run=self._delete,
        )

    def _list(self, context: Context, options: Namespace) -> int:
        from ...facade import document

        facade = context.facade
        found = facade.entries(self.kind)
        shown = found[options.cursor :][: context.limit]
        documents = [{**document.entry(one), "issues": self._named(facade, one)} for one in shown]
        end = options.cursor + len(shown)
        context.out.items(
            documents,
            header=self.columns,
            rows=(tuple(str(one[name] or "") for name in self.columns) for one in documents),
            total=len(found),
            cursor=end if end < len(found) else None,
            offset=options.cursor,
            none=f"There is no {self.noun}.",
        )
        return OK

    def _create(self, context: Context, options: Namespace) -> int:
        entry = self.kind(name=options.name)
        return self._save(context, replace(entry, **self._given(options)), None)

    def _edit(self, context: Context, options: Namespace) -> int:
        given = self._given(options)
        if options.new_name is not None:
            given["name"] = options.new_name
        if not given:
            raise UsageError(
                f"Nothing to change was given. Say what: issue {self.noun} edit --help lists it."
            )
        there = context.facade.entries(self.kind)
        # Of one that is not there the catalogue itself says so.
        known = next((one for one in there if one.name == options.name), self.kind(name="-"))
        return self._save(context, replace(known, **given), options.name)

    def _given(self, options: Namespace) -> dict[str, Any]:
        return {name: getattr(options, name) for name in self.fields if hasattr(options, name)}

    def _save(self, context: Context, entry: Entry, was: str | None) -> int:
        from ...facade import document

        facade = context.facade
        facade.save(entry, was=was)
        text = f"{self.noun} {clean(entry.name)} is saved"
        context.out.item({**document.entry(entry), "issues": self._named(facade, entry)}, text)
        return OK

    def _delete(self, context: Context, options: Namespace) -> int:
        facade = context.facade
        question = f"Take the {self.noun} {options.name} away, off all issues too?"
        if not agreed(options, question, "Ask a person to do it at one."):
            context.out.nothing("Nothing was taken away.")
            return REFUSED
        facade.remove(self.kind, options.name)
        text = f"{self.noun} {clean(options.name)} is gone"
        context.out.item({"name": options.name, "deleted": True}, text)
        return OK

    def _named(self, facade: Facade, entry: Entry) -> int:
        """How many issues that are not closed name it."""
        one_of = Match(field=self.field, any_of=frozenset({entry.name}))
        return facade.count(Query(states=UNCLOSED, where=(one_of,)))
