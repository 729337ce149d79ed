"""Gives a board the fields and the columns that it lacks, without a card losing its place.

GitHub replaces all options of a field at once, and an option that comes without its id is a new
one: every card that had the old one has none then. Servers that take no ids yet get the values
written again, from a list that is kept on disk until that is done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ...domain.errors import ForgeRefused
from ...domain.frozen import dataclass, replace
from ...domain.trouble import Kind
from ...forge.github import Failed, GitHub, Mutation, Result, sure
from .board_fields import (
    STATUS,
    WANTED,
    Field,
    Known,
    Wanted,
    as_input,
    completed,
    field_of,
    find,
    learn,
    missing,
)
from .board_look import Fields, look
from .board_setup import Layout
from .board_store import BoardStore
from .board_texts import (
    OPTION_ID_QUERY,
    create_field,
    replace_options,
    set_value,
)


@dataclass(frozen=True, kw_only=True)
class Order:
    """What has to be written for a field that is wanted; `before` is what stays true of it."""

    wanted: Wanted
    mutation: Mutation
    before: Known | None = None


class Furnisher:
    """Knows a board's fields by what `store` remembers, and mends what is missing."""

    def __init__(self, api: GitHub, store: BoardStore, say: Callable[[str], None]) -> None:
        self._api = api
        self._store = store
        self._say = say

    def known(self) -> dict[str, Known]:
        """As remembered; nothing is asked."""
        return {
            name: Known(
                id=one["id"],
                name=one["name"],
                options=one["options"],
                every=one["every"],
            )
            for name, one in (self._store.fact("fields") or {}).items()
        }

    def fields(self, layout: Layout) -> dict[str, Known]:
        """The fields that we use on this board, made or completed where they were not. One that
        GitHub refuses to make is said and done without, but for Status."""
        self._put_back(layout)
        before = self.known()
        found: dict[str, Known] = {}
        orders: list[Order] = []
        for wanted in WANTED:
            own = find(wanted, layout.fields, before.get(wanted.name))
            if own is not None and own.kind != wanted.kind:
                self._say(
                    f"The board {layout.url} has a field {own.name} of another kind than "
                    f"{wanted.kind}: cards do without. Rename it to have one made."
                )
                continue
            match self._needed(layout, wanted, own, before.get(wanted.name)):
                case Known() as known:
                    found[wanted.name] = known
                case Order() as order:
                    orders.append(order)
        self._fill(orders, found)
        self._remember(found)
        return found

    def _needed(
        self, layout: Layout, wanted: Wanted, own: Field | None, before: Known | None
    ) -> Known | Order:
        """The field as it is known; or what has to be asked of GitHub for that."""
        if own is None:
            return self._creation(layout, wanted, before)
        return self._completion(layout, wanted, own, before)

    def _fill(self, orders: Sequence[Order], found: dict[str, Known]) -> None:
        """All that is to be made goes in one request."""
        asked = [one.mutation for one in orders]
        results = self._api.mutate(asked) if asked else ()
        for order, result in zip(orders, results, strict=True):
            try:
                own = field_of(sure(result)["projectV2Field"])
            except ForgeRefused as error:
                if order.wanted is STATUS or error.trouble.rule.person:
                    raise
                self._say(f"{error} So cards have no {order.wanted.name}.")
            else:
                found[order.wanted.name] = learn(order.wanted, own, order.before)

    def _creation(self, layout: Layout, wanted: Wanted, before: Known | None) -> Order:
        if before is not None:
            self._say(f"The field {before.name} of the board {layout.url} was deleted: put back.")
        options = as_input(wanted.options.values(), with_ids=False)
        mutation = create_field(layout.id, wanted.name, wanted.kind, options)
        return Order(wanted=wanted, mutation=mutation)

    def _completion(
        self, layout: Layout, wanted: Wanted, own: Field, before: Known | None
    ) -> Known | Order:
        known = learn(wanted, own, before)
        lacks = missing(wanted, known)
        if not lacks:
            return known
        if before is not None and before.id == own.id:
            self._say(f"{own.name} of {layout.url} lacked {', '.join(lacks)}: put back.")
        options = completed(wanted, own, known)
        if not layout.blank and not self._takes_ids():
            return self._overwritten(layout, wanted, own, known)
        with_ids = not layout.blank  # a board without cards has nothing to lose
        mutation = replace_options(own.id, as_input(options, with_ids=with_ids))
        return Order(wanted=wanted, mutation=mutation, before=known if with_ids else None)

    def _takes_ids(self) -> bool:
        """Whether this server keeps an option that comes with its id."""
        if not self._store.fact("option_ids"):
            described = self._api.query(OPTION_ID_QUERY).get("__type") or {}
            names = [one["name"] for one in described.get("inputFields") or ()]
            self._store.keep(option_ids="id" in names)
        return bool(self._store.fact("option_ids"))

    def _overwritten(self, layout: Layout, wanted: Wanted, own: Field, known: Known) -> Known:
        """Without ids: note what each card has, replace the options, write it again."""
        names = {one.id: one.name for one in own.options}
        using = {**self.known(), wanted.name: known}
        cards = look(self._api, layout.id, using).cards
        had = {
            one.item: names[id_]
            for one in cards
            if (id_ := one.option if wanted is STATUS else one.priority) in names
        }
        self._store.keep(put_back={"field": own.id, "cards": had})
        options = completed(wanted, own, known)
        new = self._sent(replace_options(own.id, as_input(options, with_ids=False)))
        self._renumber(names, new)
        self._put_back(replace(layout, fields=(new,)))
        return learn(wanted, new, None)

    def _renumber(self, names: Mapping[str, str], new: Field) -> None:
        """The columns that we remember cards in have other ids now."""
        ids = {one.name: one.id for one in new.options}
        again = {old: ids[name] for old, name in names.items() if name in ids}
        self._store.change(
            self._store.rows(),
            lambda _, row: replace(row, option=again.get(row.option, row.option)) if row else None,
        )

    def _put_back(self, layout: Layout) -> None:
        """Write again what an overwrite took from cards, also one of a process that died."""
        noted = self._store.fact("put_back")
        if not noted:
            return
        field = next((one for one in layout.fields if one.id == noted["field"]), None)
        options = {one.name: one.id for one in field.options} if field else {}
        wanted = [
            set_value(layout.id, item, noted["field"], {"singleSelectOptionId": options[name]})
            for item, name in noted["cards"].items()
            if name in options
        ]
        for result in self._api.mutate(wanted) if wanted else ():
            if not _is_gone(result):
                sure(result)
        self._store.keep(put_back=None)

    def _sent(self, mutation: Mutation) -> Field:
        return field_of(sure(self._api.mutate([mutation])[0])["projectV2Field"])

    def _remember(self, found: Fields) -> None:
        self._store.keep(
            fields={
                name: {
                    "id": one.id,
                    "name": one.name,
                    "options": dict(one.options),
                    "every": dict(one.every),
                }
                for name, one in found.items()
            }
        )


def _is_gone(result: Result) -> bool:
    """A person deleted the card meanwhile."""
    return isinstance(result, Failed) and result.trouble.kind is Kind.NOT_FOUND
