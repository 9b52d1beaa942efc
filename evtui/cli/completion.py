"""``evtui completion``: what makes a shell complete the command line."""

from __future__ import annotations

import os

import click
from click.shell_completion import (
    CompletionItem,
    ShellComplete,
    add_completion_class,
    split_arg_string,
)

from evtui.cli.values import Checked
from evtui.kinds import Choice

__all__ = ["command", "register", "words_before"]

# The program answers with one line a candidate: kind, value, help, with tabs between them.
# "open" is a name that goes on without a space; "file" and "dir" leave it to the shell.

_BASH = r"""_evtui_completion() {
    local kind value about paths='' begun='' word=${COMP_WORDS[COMP_CWORD]}
    local line=${COMP_LINE:0:COMP_POINT}
    until [[ $line == *"$word" ]]; do word=${word%?}; done  # it may go on behind the cursor
    [[ $word == '=' ]] && word=''
    word=${word#[\"\']}
    # Words break at =, but not between quotes, nor where COMP_WORDBREAKS was changed; then all of
    # the word is replaced, and not only what the program is asked for.
    if [[ $word == --*=* || (${COMP_WORDS[COMP_CWORD-1]} == --set && $word == *=*) ]]; then
        begun=${word%"${word##*=}"}
        word=${word##*=}
    fi
    COMPREPLY=()
    while IFS=$'\t' read -r kind value about; do
        case $kind in
            plain) COMPREPLY+=("$begun$value") ;;
            open)
                [[ ${COMP_LINE:COMP_POINT:1} == '=' ]] && value=${value%=}
                COMPREPLY+=("$begun$value")
                compopt -o nospace
                ;;
            file | dir) paths=$kind ;;
        esac
    done < <(COMP_LINE=$line _EVTUI_COMPLETE=bash_complete "$1" 2>/dev/null)
    if [[ -n $paths ]]; then
        compopt -o filenames
        if [[ -n $begun ]] || ((${#COMPREPLY[@]})); then
            while IFS= read -r value; do
                COMPREPLY+=("$begun$value")
            done < <(compgen -f -- "$word")
        elif [[ $paths == dir ]]; then
            compopt -o dirnames
        else
            compopt -o default
        fi
    fi
}
complete -o nosort -F _evtui_completion evtui
"""

_ZSH = r"""#compdef evtui
_evtui() {
    local -a names open
    local line kind value about paths=''
    for line in "${(@f)$(COMP_LINE="${words[1,CURRENT-1]} $PREFIX" \
            _EVTUI_COMPLETE=zsh_complete ${(Q)words[1]} 2>/dev/null)}"; do
        IFS=$'\t' read -r kind value about <<< "$line"
        case $kind in
            plain) names+=("${value//:/\\:}${about:+:$about}") ;;
            open) open+=("$value") ;;
            file | dir) paths=$kind ;;
        esac
    done
    [[ $PREFIX == --*=* ]] && compset -P 1 '*='
    [[ ${words[CURRENT-1]} == --set || $IPREFIX == --set= ]] && compset -P 1 '*='
    ((${#names})) && _describe -V evtui names
    ((${#open})) && compadd -S '' -a open
    case $paths in
        file) _files ;;
        dir) _files -/ ;;
    esac
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _evtui "$@"
else
    compdef _evtui evtui
fi
"""

_FISH = r"""function __evtui_complete
    set -l program (commandline -opc)[1]
    set -l word (commandline -ct)
    set -l option (string match -r -- '^--[^=]+=' $word)
    if test "$(commandline -opc)[-1]" = --set -o "$option" = --set=
        set option (string match -r -- '^(?:--set=)?[^=]*=' $word)
    end
    set -l path (string replace -- "$option" '' $word)
    set -lx COMP_LINE (commandline -cp | string collect)
    set -lx _EVTUI_COMPLETE fish_complete
    for line in ($program 2>/dev/null)
        set -l part (string split \t -- $line)
        switch $part[1]
            case plain open
                printf '%s\t%s\n' "$option$part[2]" "$part[3]"
            case file
                printf "$option%s\n" (__fish_complete_path $path)
            case dir
                printf "$option%s\n" (__fish_complete_directories $path)
        end
    end
end
complete -c evtui -f -a '(__evtui_complete)'
"""

_SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


class _Answer(ShellComplete):
    """Answers a shell that gives the command line up to the cursor in ``COMP_LINE``."""

    def get_completion_args(self) -> tuple[list[str], str]:
        """See :class:`ShellComplete`."""
        *words, last = _words()
        return words[1:], last

    def format_completion(self, item: CompletionItem[str]) -> str:
        """See :class:`ShellComplete`."""
        return f"{item.type}\t{item.value}\t{' '.join((item.help or '').split())}"


def words_before() -> list[str]:
    """What stands before the word that is being completed."""
    return _words()[1:-1]


def _words() -> list[str]:
    """The command line up to the cursor; its last word is the one that is being written."""
    # With one character more there always is one, also behind a blank.
    *words, last = split_arg_string(os.environ.get("COMP_LINE", "") + "_")
    return [*words, last[:-1]]


def register() -> None:
    """Let the answers of this module take the place of click's own."""
    for shell in _SCRIPTS:
        add_completion_class(_Answer, shell)


@click.command(
    short_help="Print what makes a shell complete commands, options, names and paths.",
    epilog="""\
\b
For good, by a line in ~/.bashrc or ~/.zshrc (there after compinit), or by a file:
  eval "$(evtui completion bash)"
  eval "$(evtui completion zsh)"
  evtui completion fish > ~/.config/fish/completions/evtui.fish
""",
)
@click.argument("shell", metavar="SHELL", type=Checked(Choice(*_SCRIPTS)))
def command(shell: str) -> int:
    """Print the script that completes the command line of evtui in SHELL: bash, zsh or fish.

    It completes sub-commands, options, scenarios and their inputs, presets, variants, themes,
    files and folders.  bash must be 4.4 or newer.
    """
    click.echo(_SCRIPTS[shell], nl=False)
    return 0
