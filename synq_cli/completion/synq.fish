# TAB for synq @VERSION@ in fish. Written by `synq completion fish` from the command tree.
# All is answered from these tables; only for what this machine alone knows (`ask`) synq is started.

function __synq_below # the names below a group
    switch "$argv"
@BELOW@
    end
end

function __synq_options # the options of a command, and those that every command takes
    switch "$argv"
@OPTIONS@
    end
@SHARED@
end

function __synq_value # what completes the value of "PATH --option", or the argument "PATH #1"; fails if there is none
    switch "$argv"
@VALUES@
        case '*'
            return 1
    end
end

function __synq_offer_value --argument-names how before # $before stands before the value in the same word
    set -l words $argv[3..-1]
    set -l word (string replace -ra '["\'\\\\\\\\]' '' -- (commandline -ct))
    set -l typed (string sub --start (math (string length -- "$before") + 1) -- "$word")
    switch $how
        case 'words *'
            printf '%s\n' $before(string split ' ' -- $how)[2..-1]
        case 'list *'
            set -l head (string replace -r '[^,]*$' '' -- $typed)
            printf '%s\n' $before$head(string split ' ' -- $how)[2..-1]
        case file
            printf '%s\n' $before(__fish_complete_path "$typed")
        case 'ask *'
            printf '%s\n' $before(command synq __complete (string split ' ' -- $how)[2] "$typed" -- $words 2>/dev/null)
    end
end

function __synq_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    set -l at ''
    set -l option ''
    set -l only ''
    set -l arguments
    for one in $words[2..-1]
        if test -n "$option"
            set option ''
        else if test -z "$only" -a "x$one" = x--
            set only arguments
        else if test -z "$only"; and string match -qr -- '^-[^0-9]' "$one"
            __synq_value "$at $one" >/dev/null; and set option $one
        else if string length -q -- (__synq_below $at)
            set at (string trim -- "$at $one")
        else
            set -a arguments $one
        end
    end
    if test -n "$option"
        __synq_offer_value (__synq_value "$at $option") '' $words
    else if test -z "$only"; and string match -q -- '--*=*' "$word"
        set option (string split -m 1 = -- $word)[1]
        set -l how (__synq_value "$at $option"); and __synq_offer_value "$how" $option= $words
    else if test -z "$only"; and string match -qr -- '^-([^0-9]|$)' "$word"
        __synq_options $at
    else if string length -q -- (__synq_below $at)
        __synq_below $at
    else if set -l how (__synq_value "$at #"(math (count $arguments) + 1))
        if test "$how" = command
            __synq_below "$arguments"
        else
            __synq_offer_value "$how" '' $words
        end
    end
end

complete --command synq --no-files --arguments '(__synq_complete)'
