# TAB for synq 0.1.0 in bash, 3.2 or newer. Written by `synq completion bash` from the command tree.
# All is answered from these tables; only for what this machine alone knows (`ask`) synq is started.

_synq_below() { # the names below a group
    case $1 in
    '') REPLY='orders inventory products channels integrations organization settings audit webhooks api auth config runs limits sandbox doctor completion schema help' ;;
    'orders') REPLY='list get create track fulfill return cancel' ;;
    'inventory') REPLY='adjust levels locations ledger reserve release reservations skus' ;;
    'inventory skus') REPLY='list add import forget' ;;
    'products') REPLY='list get create update delete push stats issues export import variants categories brands attributes attribute-groups templates media jobs' ;;
    'products variants') REPLY='list create' ;;
    'products categories') REPLY='list create' ;;
    'products brands') REPLY='list create' ;;
    'products attributes') REPLY='list create' ;;
    'products attribute-groups') REPLY='list create' ;;
    'products templates') REPLY='list create' ;;
    'products media') REPLY='list add' ;;
    'products jobs') REPLY='list get create watch' ;;
    'channels') REPLY='list create update' ;;
    'integrations') REPLY='list connect save push disconnect' ;;
    'organization') REPLY='show update members' ;;
    'organization members') REPLY='list invite set-role remove' ;;
    'settings') REPLY='show set' ;;
    'audit') REPLY='list tail' ;;
    'webhooks') REPLY='sign verify send' ;;
    'auth') REPLY='login status refresh token switch logout' ;;
    'config') REPLY='list get set unset path' ;;
    'runs') REPLY='list show resume undo' ;;
    'sandbox') REPLY='init info serve reset token fault' ;;
    'sandbox fault') REPLY='add list clear limit' ;;
    'completion') REPLY='bash zsh fish powershell install uninstall' ;;
    *) REPLY='' ;;
    esac
}

_synq_options() { # the options of a command, and those that every command takes
    case $1 in
    'orders list') REPLY='--status --channel --since --key --limit --all' ;;
    'orders create') REPLY='--file --item --channel --currency --payment-provider --payment-reference --customer --location --idempotency-key --wait --for --report -y --yes --dry-run --confirm' ;;
    'orders track') REPLY='--watch' ;;
    'orders fulfill') REPLY='--item --carrier --tracking-number --location --dry-run' ;;
    'orders return') REPLY='--item --reason --dry-run' ;;
    'orders cancel') REPLY='--reason -y --yes --dry-run --confirm' ;;
    'inventory adjust') REPLY='--location --file --report -y --yes --dry-run --confirm' ;;
    'inventory levels') REPLY='--sku --location --low --threshold --limit --all' ;;
    'inventory ledger') REPLY='--sku --location --type --since --limit --all' ;;
    'inventory reserve') REPLY='--location --reference --dry-run' ;;
    'inventory release') REPLY='-y --yes --dry-run --confirm' ;;
    'inventory reservations') REPLY='--sku --location --status' ;;
    'inventory skus forget') REPLY='--all' ;;
    'products create') REPLY='--description --category --dry-run' ;;
    'products update') REPLY='--title --description --category --category-id --brand-id --dry-run' ;;
    'products delete') REPLY='-y --yes --dry-run --confirm' ;;
    'products push') REPLY='--action -y --yes --dry-run --confirm' ;;
    'products export') REPLY='--to --whole --dry-run' ;;
    'products import') REPLY='--wait --for --report -y --yes --dry-run --confirm' ;;
    'products variants list') REPLY='--sku --product --limit --all' ;;
    'products variants create') REPLY='--sku --barcode --price --currency --dry-run' ;;
    'products categories create') REPLY='--slug --description --parent --dry-run' ;;
    'products brands create') REPLY='--description --logo-url --dry-run' ;;
    'products attributes create') REPLY='--slug --type --dry-run' ;;
    'products attribute-groups create') REPLY='--description --dry-run' ;;
    'products templates create') REPLY='--description --dry-run' ;;
    'products media list') REPLY='--product --variant' ;;
    'products media add') REPLY='--product --variant --alt-text --sort-order --dry-run' ;;
    'products jobs list') REPLY='--type' ;;
    'products jobs create') REPLY='--type --file --wait --for -y --yes --dry-run --confirm' ;;
    'products jobs watch') REPLY='--for' ;;
    'channels create') REPLY='--currency --inactive --dry-run' ;;
    'channels update') REPLY='--name --currency --active --dry-run' ;;
    'integrations connect') REPLY='--dry-run' ;;
    'integrations save') REPLY='--category --provider --dry-run' ;;
    'integrations push') REPLY='--action -y --yes --dry-run --confirm' ;;
    'integrations disconnect') REPLY='-y --yes --dry-run --confirm' ;;
    'organization update') REPLY='--name --dry-run' ;;
    'organization members invite') REPLY='--role --dry-run' ;;
    'organization members set-role') REPLY='-y --yes --dry-run --confirm' ;;
    'organization members remove') REPLY='-y --yes --dry-run --confirm' ;;
    'settings set') REPLY='--dry-run' ;;
    'audit list') REPLY='--action --actor --entity --since --catalogue' ;;
    'audit tail') REPLY='--action --actor --entity --since' ;;
    'webhooks sign') REPLY='--secret-stdin --keep-secret' ;;
    'webhooks verify') REPLY='--signature --secret-stdin' ;;
    'webhooks send') REPLY='--event --data --connection --secret-stdin --dry-run' ;;
    'api') REPLY='-f --field -F --raw-field --input --paginate -i --include -y --yes --dry-run --confirm' ;;
    'auth login') REPLY='--with-token --insecure-storage --token-command --token-url --client-id' ;;
    'auth status') REPLY='--all' ;;
    'runs show') REPLY='--rows' ;;
    'runs resume') REPLY='--resend-unknown --report --dry-run' ;;
    'runs undo') REPLY='--report -y --yes --dry-run --confirm' ;;
    'sandbox init') REPLY='--seed' ;;
    'sandbox serve') REPLY='--port' ;;
    'sandbox reset') REPLY='--seed -y --yes' ;;
    'sandbox token') REPLY='--role --expires-in' ;;
    'sandbox fault add') REPLY='--on --times --rate --seed --seconds' ;;
    'sandbox fault limit') REPLY='--count-as --strangers' ;;
    'doctor') REPLY='--network' ;;
    'completion install') REPLY='-y --yes' ;;
    'completion uninstall') REPLY='-y --yes' ;;
    *) REPLY='' ;;
    esac
    REPLY="$REPLY -p --profile --json -o --output --columns --fields --jq -q --quiet --no-color --debug --timeout --max-wait --base-url --sandbox --read-only -V --version -h --help"
}

_synq_value() { # what completes the value of "PATH --option", or the argument "PATH #1"; fails if there is none
    case $1 in
    'orders list --status') REPLY='list open closed unpaid to-ship shipped returning refunded dead cancellable draft pending_payment payment_authorized confirmed processing partially_fulfilled fulfilled delivered completed return_requested partially_returned returned partially_refunded cancelled failed' ;;
    'inventory reservations --status') REPLY='words ACTIVE RELEASED CONSUMED' ;;
    *' --channel'|*' --since'|*' --key'|*' --limit'|*' --currency'|*' --payment-provider'|*' --payment-reference'|*' --customer'|*' --idempotency-key'|*' --for'|*' --carrier'|*' --tracking-number'|*' --reason'|'products variants create --sku'|*' --threshold'|'inventory ledger --type'|*' --reference'|*' --description'|'products create --category'|'products update --category'|*' --title'|*' --barcode'|*' --price'|*' --slug'|*' --logo-url'|*' --alt-text'|*' --sort-order'|*' --name'|*' --provider'|*' --actor'|*' --entity'|*' --signature'|*' --connection'|*' -f'|*' --field'|*' -F'|*' --raw-field'|*' --token-command'|*' --token-url'|*' --client-id'|*' --resend-unknown'|*' --seed'|*' --port'|*' --expires-in'|*' --on'|*' --times'|*' --rate'|*' --seconds'|*' --strangers'|*' --columns'|*' --fields'|*' --jq'|*' --timeout'|*' --max-wait'|*' --base-url') REPLY='' ;;
    *' --file'|*' --report'|*' --to'|*' --data'|*' --input'|'inventory skus import #1'|'products import #1'|'webhooks sign #1'|'webhooks verify #1') REPLY='file' ;;
    *' --item') REPLY='ask item' ;;
    *' --location') REPLY='ask location' ;;
    *' --confirm'|*' -p'|*' --profile'|'auth switch #1') REPLY='ask profile' ;;
    'products attributes create --type') REPLY='words TEXT NUMBER' ;;
    'products jobs list --type'|'products jobs create --type') REPLY='words import update delete' ;;
    'integrations save --category') REPLY='words commerce accounting' ;;
    *' --category-id'|*' --parent') REPLY='ask category' ;;
    *' --brand-id') REPLY='ask brand' ;;
    'products push --action'|'integrations push --action') REPLY='words upsert delete' ;;
    'audit list --action'|'audit tail --action') REPLY='list PRODUCT_CREATED PRODUCT_UPDATED PRODUCT_DELETED PRODUCT_PRICE_CHANGED ORDER_PLACED ORDER_FULFILLED ORDER_CANCELLED ORDER_REFUNDED USER_INVITED INTEGRATION_CONNECTED TENANT_SETTINGS_UPDATED' ;;
    *' --product'|'products update #1'|'products delete #1'|'products push #1'|'products variants create #1'|'integrations push #1') REPLY='ask product' ;;
    *' --role'|'organization members set-role #2') REPLY='words ADMIN EDITOR VIEWER' ;;
    *' --event') REPLY='words order.created order.updated product.created product.updated inventory.adjusted integration.synced accounting.order.created accounting.order.updated' ;;
    *' --rows') REPLY='words failed unknown all' ;;
    *' --count-as') REPLY='words log counter log-strict' ;;
    *' -o'|*' --output') REPLY='words table json ndjson yaml csv tsv' ;;
    'orders get #1'|'orders track #1'|'orders fulfill #1'|'orders return #1'|'orders cancel #1') REPLY='ask order' ;;
    'products get #1') REPLY='ask product-or-sku' ;;
    'products jobs get #1'|'products jobs watch #1') REPLY='ask job' ;;
    'config get #1'|'config set #1'|'config unset #1') REPLY='words base_url tenant_id org_id location output timeout max_wait read_only bulk_payload environment token_command token_url client_id' ;;
    'runs show #1'|'runs resume #1'|'runs undo #1') REPLY='ask run' ;;
    'sandbox fault add #1') REPLY='words 429 500 502 503 expired missing garbage lost-before lost 500-after slow' ;;
    'completion install #1'|'completion uninstall #1') REPLY='words bash zsh fish powershell pwsh' ;;
    'help #1') REPLY='words exit-codes environment formats rate-limit auth bulk orders inventory products channels integrations organization settings audit webhooks api auth config runs limits sandbox doctor completion schema help' ;;
    'inventory levels --sku'|'inventory ledger --sku'|'inventory reservations --sku'|'products variants list --sku'|*' --variant'|'inventory adjust #1'|'inventory levels #'*|'inventory reserve #1'|'inventory skus forget #'*) REPLY='ask sku' ;;
    'settings set #'*) REPLY='words inventory_allocation_model=HARD inventory_allocation_model=SOFT auto_po_enabled=true auto_po_enabled=false default_low_stock_threshold= costing_method=WAC costing_method=FIFO' ;;
    'api #'*) REPLY='words GET POST PUT PATCH DELETE HEAD' ;;
    'schema #'*|'help #'*) REPLY='command' ;;
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
