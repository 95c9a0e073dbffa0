# TAB for synq @VERSION@ in bash, 3.2 or newer. Written by `synq completion bash` from the command tree.
# All is answered from these tables; only for what this machine alone knows (`ask`) synq is started.

_synq_below() { # the names below a group
    case $1 in
@BELOW@
    *) REPLY='' ;;
    esac
}

_synq_options() { # the options of a command, and those that every command takes
    case $1 in
@OPTIONS@
    *) REPLY='' ;;
    esac
    REPLY="$REPLY @SHARED@"
}

_synq_value() { # what completes the value of "PATH --option", or the argument "PATH #1"; fails if there is none
    case $1 in
@VALUES@
    *) return 1 ;;
    esac
}

# The line up to the cursor as synq would get it: whole `words`, the begun `word`, the `quote` that is open in it, and
# its `head`, which bash keeps as it is. Bash's own words are cut at = and : and still quoted.
_synq_read_line() {
    local line=${COMP_LINE:0:COMP_POINT} char begun='' i
    for ((i = 0; i < ${#line}; i++)); do
        char=${line:i:1}
        if [[ -n $quote && $char == "$quote" ]]; then
            quote=''
        elif [[ $quote == "'" ]]; then
            word+=$char
        elif [[ $char == \\ ]]; then
            begun=1 i=$((i + 1)) word+=${line:i:1}
        elif [[ -n $quote ]]; then
            word+=$char
        elif [[ $char == [\'\"] ]]; then
            begun=1 quote=$char head=$word
        elif [[ $char == [[:blank:]] ]]; then
            [[ -z $begun ]] || words+=("$word")
            word='' begun='' head=''
        else
            begun=1 word+=$char
            [[ $char != [=:@] || ${COMP_WORDBREAKS-} != *"$char"* ]] || head=$word
        fi
    done
}

_synq_offer() { # a value, if it begins as the word does
    local value=$1
    [[ $value == "$word"* ]] || return 0
    COMPREPLY+=("${value:${#head}}")
}

_synq_quote() { # the value as bash needs it there
    local special
    case $quote in
    '') printf -v value %q "$value" ;;
    "'") value=${value//"'"/"'\\''"} ;;
    *) for special in '\' '"' '$' '`'; do value=${value//"$special"/"\\$special"}; done ;;
    esac
}

_synq_ask() { # what synq knows
    local value
    while IFS=$'\t' read -r value _; do
        value="$2$value"
        [[ $value == "$word"* ]] || continue
        value=${value:${#head}}
        [[ ${COMP_TYPE-} == 63 ]] || _synq_quote # a list, 63, is only shown
        COMPREPLY+=("$value")
    done < <(command synq __complete "$1" "${word#"$2"}" -- "${words[@]}" 2>/dev/null)
}

_synq_offer_value() { # by what _synq_value says; $2 stands before the value in the same word
    local one before=$2
    case $1 in
    words\ *) for one in ${1#words }; do _synq_offer "$before$one"; done ;;
    list\ *)
        [[ $word != *,* ]] || before=${word%,*},
        for one in ${1#list }; do _synq_offer "$before$one"; done
        ;;
    command)
        _synq_below "$given"
        for one in $REPLY; do _synq_offer "$one"; done
        ;;
    ask\ *) _synq_ask "${1#ask }" "$before" ;;
    file) _synq_option -o default ;;
    esac
}

_synq_option() { # what readline is to do; bash before 4 can't be told
    type compopt &>/dev/null && compopt "$@" 2>/dev/null
    return 0
}

_synq() {
    local IFS=$' \t\n' REPLY='' words=() word='' quote='' head='' at='' option='' only='' given='' place=1 how='' before='' one i
    COMPREPLY=()
    _synq_option +o default # no paths where none belong
    _synq_read_line
    for ((i = 1; i < ${#words[@]}; i++)); do
        one=${words[i]}
        if [[ -n $option ]]; then
            option=''
        elif [[ -z $only && $one == -- ]]; then
            only=arguments
        elif [[ -z $only && $one == -[!0-9]* ]]; then
            _synq_value "$at $one" && option=$one
        else
            _synq_below "$at"
            if [[ -n $REPLY ]]; then at=${at:+$at }$one; else given=${given:+$given }$one place=$((place + 1)); fi
        fi
    done
    if [[ -z $option$only && $word == -* && $word != -[0-9]* && $word != --*=* ]]; then
        _synq_options "$at"
        for one in $REPLY; do _synq_offer "$one"; done
        return 0
    fi
    if [[ -n $option ]]; then
        _synq_value "$at $option" && how=$REPLY
    elif [[ -z $only && $word == --*=* ]]; then
        before=${word%%=*}=
        _synq_value "$at ${before%=}" && how=$REPLY
    else
        _synq_below "$at"
        if [[ -n $REPLY ]]; then how="words $REPLY"; else _synq_value "$at #$place" && how=$REPLY; fi
    fi
    # Values are offered in either case, and one that goes on after = gets no blank.
    shopt -q nocasematch && one=kept || one=''
    shopt -s nocasematch
    _synq_offer_value "$how" "$before"
    [[ -n $one ]] || shopt -u nocasematch
    [[ ${#COMPREPLY[@]} != 1 || ${COMPREPLY[0]} != *= ]] || _synq_option -o nospace
    return 0
}

complete -o default -F _synq synq
