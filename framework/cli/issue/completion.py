"""`issue completion`: the Tab key knows the commands."""

from __future__ import annotations

import sys
from argparse import Namespace
from functools import partial

from .._options import OK
from .command import Command, Group
from .context import Context

# Each asks the command itself, so that what it offers is what is installed.
_BASH = """\
_issue_words() {
    local IFS=$'\\n'
    COMPREPLY=($(issue completion words -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o bashdefault -o default -F _issue_words issue
"""
_ZSH = """\
#compdef issue
_issue() {
    local -a found
    found=("${(@f)$(issue completion words -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ -n $found ]]; then compadd -- $found; else _files; fi
}
if [[ $funcstack[1] = _issue ]]; then _issue "$@"; else compdef _issue issue; fi
"""
_FISH = """\
function __issue_words
    set -l words (commandline -opc) (commandline -ct)
    issue completion words -- $words[2..-1] 2>/dev/null
end
complete -c issue -a '(__issue_words)'
"""


def _script(text: str, context: Context, options: Namespace) -> int:
    context.out.item({"script": text}, text.rstrip("\n"))
    return OK


def _words(context: Context, options: Namespace) -> int:
    from .completing import candidates

    sys.stdout.writelines(f"{word}\n" for word in candidates(options.trailing))
    return OK


def _shell(name: str, text: str, example: str) -> Command:
    return Command(
        help=f"for {name}",
        description=f"Print a script that lets {name} complete the words of `issue`. It asks "
        "`issue` itself, so that it need not be made anew.",
        examples=(example,),
        run=partial(_script, text),
    )


COMMAND = Group(
    help="the Tab key knows the commands",
    description="Scripts for shells, which complete commands, options and their values.",
    commands={
        "bash": _shell("bash", _BASH, "issue completion bash >> ~/.bashrc"),
        "zsh": _shell("zsh", _ZSH, 'issue completion zsh > "${fpath[1]}/_issue"'),
        "fish": _shell(
            "fish", _FISH, "issue completion fish > ~/.config/fish/completions/issue.fish"
        ),
        "words": Command(
            help="what could come next; asked by the scripts",
            description="Print what the last of the words behind `--` can become, one on a line; "
            "nothing where only the shell can know.",
            examples=("issue completion words -- list --sta",),
            run=_words,
            trails=True,
        ),
    },
)
