# TAB for synq 0.1.0 in PowerShell 7. Written by `synq completion powershell` from the command tree.
# All is answered from these tables; only for what this machine alone knows (`ask`) synq is started.

function __SynqBelow([string] $At) { # the names below a group
    switch -CaseSensitive ($At) {
        '' {
            "orders`tList, place, track, ship and cancel orders"
            "inventory`tLook at stock, adjust and reserve it"
            "products`tLook at the catalogue and change it"
            "channels`tList and change the sales channels"
            "integrations`tConnect the tenant to other platforms"
            "organization`tShow the organization and manage its members"
            "settings`tShow and change the tenant's settings"
            "audit`tRead the log of what was done"
            "webhooks`tSign webhooks, check them, send them"
            "api`tSend any request to the API"
            "auth`tLog in, switch tenants, log out"
            "config`tRead and change profiles"
            "runs`tLook at bulk runs, resume them, undo them"
            "limits`tShow the rate limit and who spent it"
            "sandbox`tTry synq on an embedded tenant"
            "doctor`tLook at everything synq rests on, and name the mends"
            "completion`tComplete commands, options and values with TAB"
            "schema`tPrint the commands as JSON, for programs"
            "help`tExplain a topic, or a command"
        }
        'orders' {
            "list`tList orders"
            "get`tShow an order"
            "create`tPlace an order, or many from a file"
            "track`tShow the life of an order"
            "fulfill`tRecord a parcel of an order as sent"
            "return`tOpen a return for an order"
            "cancel`tCancel an order"
        }
        'inventory' {
            "adjust`tAdjust the stock of one SKU, or of many from a file"
            "levels`tList stock levels"
            "locations`tList the stock locations"
            "ledger`tList what changed the stock, newest first"
            "reserve`tReserve units of one SKU"
            "release`tRelease a reservation"
            "reservations`tList reservations, newest first"
            "skus`tManage the SKUs this machine knows"
        }
        'inventory skus' {
            "list`tList the SKUs this machine knows"
            "add`tTeach this machine one SKU"
            "import`tTeach this machine many SKUs from a CSV file"
            "forget`tForget SKUs on this machine"
        }
        'products' {
            "list`tList products, by title"
            "get`tShow a product, by its id or by a SKU"
            "create`tCreate a product"
            "update`tChange a product"
            "delete`tDelete a product"
            "push`tPush a product to the connected platforms"
            "stats`tShow the counters of catalogue and stock"
            "issues`tList what is wrong with the data of products"
            "export`tQueue an export of the catalogue, or write one here"
            "import`tImport new products from a file of any size"
            "variants`tList the variants of products and add to them"
            "categories`tList the categories and add to them"
            "brands`tList the brands and add to them"
            "attributes`tList the attributes and add to them"
            "attribute-groups`tList the attribute groups and add to them"
            "templates`tList the product templates and add to them"
            "media`tList the media and add to them"
            "jobs`tStart bulk jobs and follow them"
        }
        'products variants' {
            "list`tList variants with their SKUs and prices"
            "create`tAdd a variant to a product"
        }
        'products categories' {
            "list`tList the categories"
            "create`tCreate a category"
        }
        'products brands' {
            "list`tList the brands"
            "create`tCreate a brand"
        }
        'products attributes' {
            "list`tList the attributes"
            "create`tCreate an attribute"
        }
        'products attribute-groups' {
            "list`tList the attribute groups"
            "create`tCreate an attribute group"
        }
        'products templates' {
            "list`tList the product templates"
            "create`tCreate a product template"
        }
        'products media' {
            "list`tList the media"
            "add`tAdd the address of a picture or a film"
        }
        'products jobs' {
            "list`tList bulk jobs, newest first"
            "get`tShow a bulk job"
            "create`tStart a bulk job from a file"
            "watch`tFollow a bulk job until it has ended"
        }
        'channels' {
            "list`tList the sales channels"
            "create`tCreate a sales channel"
            "update`tChange a sales channel"
        }
        'integrations' {
            "list`tList the connected platforms"
            "connect`tGet the address that connects a platform"
            "save`tSave a connection after granting access"
            "push`tPush a product to the connected platforms"
            "disconnect`tEnd the connection to a platform"
        }
        'organization' {
            "show`tShow the organization's profile"
            "update`tRename the organization"
            "members`tManage the organization's members"
        }
        'organization members' {
            "list`tList the members and their roles"
            "invite`tInvite somebody by e-mail"
            "set-role`tChange a member's role"
            "remove`tRemove a member"
        }
        'settings' {
            "show`tShow the tenant's settings"
            "set`tChange the tenant's settings"
        }
        'audit' {
            "list`tList what was done, newest first"
            "tail`tFollow what is done, newest last"
        }
        'webhooks' {
            "sign`tPrint the signature of a webhook's body"
            "verify`tCheck the signature of a webhook's body"
            "send`tSend an event, signed, once"
        }
        'auth' {
            "login`tLog in to a tenant"
            "status`tShow who you are logged in as"
            "refresh`tRenew the token now"
            "token`tPrint the token, for other tools"
            "switch`tChoose the profile used by default"
            "logout`tForget the token of a profile"
        }
        'config' {
            "list`tList settings, their values and where they came from"
            "get`tPrint the value of one setting"
            "set`tChange a setting of the profile"
            "unset`tTake a setting out of the profile"
            "path`tPrint where the profiles are kept"
        }
        'runs' {
            "list`tList the bulk runs of this machine"
            "show`tShow a bulk run, or its rows"
            "resume`tGo on with a bulk run that was interrupted"
            "undo`tTake a bulk run back, by the opposite of each row"
        }
        'sandbox' {
            "init`tCreate the sandbox"
            "info`tShow where the sandbox is and what it holds"
            "serve`tServe the sandbox over HTTP on this machine"
            "reset`tMake the sandbox anew"
            "token`tPrint a token for the served sandbox"
            "fault`tMake the sandbox misbehave on order"
        }
        'sandbox fault' {
            "add`tOrder a fault for requests to the sandbox"
            "list`tList the faults that may still strike"
            "clear`tTake back all faults"
            "limit`tShow or change how the sandbox counts requests"
        }
        'completion' {
            "bash`tPrint the completion script for bash"
            "zsh`tPrint the completion script for zsh"
            "fish`tPrint the completion script for fish"
            "powershell`tPrint the completion script for PowerShell"
            "install`tHave the shell complete synq's commands with TAB"
            "uninstall`tTake back what ``synq completion install`` did"
        }
    }
}

function __SynqOptions([string] $At) { # the options of a command, and those that every command takes
    switch -CaseSensitive ($At) {
        'orders list' {
            "--status`tStatuses and groups: open, closed, unpaid, to-ship..."
            "--channel`tOnly orders of this channel, by name or id"
            "--since`tPlaced since: 30m, 12h, 7d, 2w, a date or a time"
            "--key`tOnly the order placed with this idempotency key"
            "--limit`tStop after N rows"
            "--all`tAll of them, whatever it costs in requests"
        }
        'orders create' {
            "--file`tOne order in JSON or YAML, or many, one a line; - is stdin"
            "--item`tA line; again for more"
            "--channel`tThe channel that it came in by, by name or id"
            "--currency`tSuch as EUR"
            "--payment-provider`tSuch as stripe, adyen or paypal"
            "--payment-reference`tThe provider's own reference"
            "--customer`tThe customer's id"
            "--location`tStock location"
            "--idempotency-key`tA key of your own instead of a new one"
            "--wait`tFollow it until it is confirmed, or has failed"
            "--for`tFollow it no longer, then end with exit 75"
            "--report`tWrite what became of each row there, as .csv or .json"
            "-y`tDo it without asking"
            "--yes`tDo it without asking"
            "--dry-run`tShow what would be sent and what it would change; change..."
            "--confirm`tDo it without asking, if this is the profile's name; in..."
        }
        'orders track' {
            "--watch`tGo on until nothing can follow; Ctrl-C ends it"
        }
        'orders fulfill' {
            "--item`tSo many units of a SKU; again for more"
            "--carrier`tWho carries the parcel"
            "--tracking-number`tThe carrier's number of it"
            "--location`tThe stock location that it leaves from"
            "--dry-run`tShow what would be sent and what it would change; change..."
        }
        'orders return' {
            "--item`tSo many units of a SKU; again for more"
            "--reason`tWhy"
            "--dry-run`tShow what would be sent and what it would change; change..."
        }
        'orders cancel' {
            "--reason`tWhy"
            "-y`tDo it without asking"
            "--yes`tDo it without asking"
            "--dry-run`tShow what would be sent and what it would change; change..."
            "--confirm`tDo it without asking, if this is the profile's name; in..."
        }
        'inventory adjust' {
            "--location`tStock location"
            "--file`tMany rows: CSV, TSV or NDJSON; - is standard input"
            "--report`tWrite what became of each row there, as .csv or .json"
            "-y`tDo it without asking"
            "--yes`tDo it without asking"
            "--dry-run`tShow what would be sent and what it would change; change..."
            "--confirm`tDo it without asking, if this is the profile's name; in..."
        }
        'inventory levels' {
            "--sku`tOnly this SKU, or the variant with this UUID"
            "--location`tOnly this stock location"
            "--low`tOnly what is low: at or below the threshold of the..."
            "--threshold`tOnly what has N on hand or fewer"
            "--limit`tStop after N rows"
            "--all`tAll of them, whatever it costs in requests"
        }
        'inventory ledger' {
            "--sku`tOnly this SKU, or the variant with this UUID"
            "--location`tOnly this stock location"
            "--type`tOnly entries of this type, such as adjustment"
            "--since`tOnly since then: 30m, 12h, 7d, 2w, a date or a time"
            "--limit`tStop after N rows"
            "--all`tAll of them, whatever it costs in requests"
        }
        'inventory reserve' {
            "--location`tStock location"
            "--reference`tWhat they are held for"
            "--dry-run`tShow what would be sent and what it would change; change..."
        }
        'inventory release' {
            "-y`tDo it without asking"
            "--yes`tDo it without asking"
            "--dry-run`tShow what would be sent and what it would change; change..."
            "--confirm`tDo it without asking, if this is the profile's name; in..."
        }
        'inventory reservations' {
            "--sku`tOnly this SKU, or the variant with this UUID"
            "--location`tOnly this stock location"
            "--status`tOnly this status"
        }
        'inventory skus forget' {
            "--all`tEvery SKU of this tenant"
        }
        'products create' {
            "--description`tA description"
            "--category`tWhat it is filed under: a category's name or slug"
            "--dry-run`tShow what would be sent and what it would change; change..."
        }
        'products update' {
            "--title`tA new title"
            "--description`tA description"
            "--category`tWhat it is filed under: a category's name or slug"
            "--category-id`tA category by its id; a server may ignore it"
            "--brand-id`tA brand by its id; a server may ignore it"
            "--dry-run`tShow what would be sent and what it would change; change..."
        }
        'products delete' {
            "-y`tDo it without asking"
            "--yes`tDo it without asking"
            "--dry-run`tShow what would be sent and what it would change; change..."
            "--confirm`tDo it without asking, if this is the profile's name; in..."
        }
        'products push' {
            "--action`tupsert creates or changes it there, delete takes it away"
            "-y`tDo it without asking"
            "--yes`tDo it without asking"
            "--dry-run`tShow what would be sent and what it would change; change..."
            "--confirm`tDo it without asking, if this is the profile's name; in..."
        }
        'products export' {
            "--to`tWrite products there, as .csv or .ndjson; - is standard..."
            "--whole`tWith description and brand: one request more for each..."
            "--dry-run`tShow what would be sent and what it would change; change..."
        }
        'products import' {
            "--wait`tFollow it until it has ended"
            "--for`tFollow it no longer, then end with exit 75"
            "--report`tWrite what became of each row there, as .csv or .json"
            "-y`tDo it without asking"
            "--yes`tDo it without asking"
            "--dry-run`tShow what would be sent and what it would change; change..."
            "--confirm`tDo it without asking, if this is the profile's name; in..."
        }
        'products variants list' {
            "--sku`tOnly the variant with this SKU"
            "--product`tOnly variants of this product"
            "--limit`tStop after N rows"
            "--all`tAll of them, whatever it costs in requests"
        }
        'products variants create' {
            "--sku`tUnique within the tenant"
            "--barcode`tAn EAN-13, UPC-A or another GTIN"
            "--price`tWhat it sells for, such as 19.90"
            "--currency`tOf the price: EUR, GBP, USD .."
            "--dry-run`tShow what would be sent and what it would change; change..."
        }
        'products categories create' {
            "--slug`tIts name in URLs"
            "--description`tA description"
            "--parent`tPut it below this category"
            "--dry-run`tShow what would be sent and what it would change; change..."
        }
        'products brands create' {
            "--description`tA description"
            "--logo-url`tWhere its logo lies; nothing is uploaded"
            "--dry-run`tShow what would be sent and what it would change; change..."
        }
        'products attributes create' {
            "--slug`tIts name in URLs"
            "--type`tTEXT, NUMBER or another type that the server knows"
            "--dry-run`tShow what would be sent and what it would change; change..."
        }
        'products attribute-groups create' {
            "--description`tA description"
            "--dry-run`tShow what would be sent and what it would change; change..."
        }
        'products templates create' {
            "--description`tA description"
            "--dry-run`tShow what would be sent and what it would change; change..."
        }
        'products media list' {
            "--product`tThe product, by its id or its first letters once seen"
            "--variant`tThe variant, by its SKU or its UUID"
        }
        'products media add' {
            "--product`tThe product, by its id or its first letters once seen"
            "--variant`tThe variant, by its SKU or its UUID"
            "--alt-text`tWhat it shows, for those who can't see it"
            "--sort-order`tIts place, 0 being the first"
            "--dry-run`tShow what would be sent and what it would change; change..."
        }
        'products jobs list' {
            "--type`tOnly jobs of this type"
        }
        'products jobs create' {
            "--type`tWhat the job does"
            "--file`tThe rows: an array in JSON or YAML, or NDJSON; - is stdin"
            "--wait`tFollow it until it has ended"
            "--for`tFollow it no longer, then end with exit 75"
            "-y`tDo it without asking"
            "--yes`tDo it without asking"
            "--dry-run`tShow what would be sent and what it would change; change..."
            "--confirm`tDo it without asking, if this is the profile's name; in..."
        }
        'products jobs watch' {
            "--for`tFollow it no longer, then end with exit 75"
        }
        'channels create' {
            "--currency`tThree letters, such as GBP"
            "--inactive`tIt takes no orders yet"
            "--dry-run`tShow what would be sent and what it would change; change..."
        }
        'channels update' {
            "--name`tA new name"
            "--currency`tAnother currency: three letters, such as GBP"
            "--active`tWhether it takes orders"
            "--dry-run`tShow what would be sent and what it would change; change..."
        }
        'integrations connect' {
            "--dry-run`tShow what would be sent and what it would change; change..."
        }
        'integrations save' {
            "--category`tCategory of the platform"
            "--provider`tSuch as shopify, where Synq can't look it up itself"
            "--dry-run`tShow what would be sent and what it would change; change..."
        }
        'integrations push' {
            "--action`tupsert creates or changes it there, delete takes it away"
            "-y`tDo it without asking"
            "--yes`tDo it without asking"
            "--dry-run`tShow what would be sent and what it would change; change..."
            "--confirm`tDo it without asking, if this is the profile's name; in..."
        }
        'integrations disconnect' {
            "-y`tDo it without asking"
            "--yes`tDo it without asking"
            "--dry-run`tShow what would be sent and what it would change; change..."
            "--confirm`tDo it without asking, if this is the profile's name; in..."
        }
        'organization update' {
            "--name`tThe new name"
            "--dry-run`tShow what would be sent and what it would change; change..."
        }
        'organization members invite' {
            "--role`tRole of the new member"
            "--dry-run`tShow what would be sent and what it would change; change..."
        }
        'organization members set-role' {
            "-y`tDo it without asking"
            "--yes`tDo it without asking"
            "--dry-run`tShow what would be sent and what it would change; change..."
            "--confirm`tDo it without asking, if this is the profile's name; in..."
        }
        'organization members remove' {
            "-y`tDo it without asking"
            "--yes`tDo it without asking"
            "--dry-run`tShow what would be sent and what it would change; change..."
            "--confirm`tDo it without asking, if this is the profile's name; in..."
        }
        'settings set' {
            "--dry-run`tShow what would be sent and what it would change; change..."
        }
        'audit list' {
            "--action`tOnly these actions, such as ORDER_PLACED"
            "--actor`tOnly what they did: an e-mail address, what is before..."
            "--entity`tOnly about this kind of thing, or the one with this id"
            "--since`tOnly since then: 30m, 12h, 7d, 2w, a date or a time"
            "--catalogue`tThe catalogue's own log instead"
        }
        'audit tail' {
            "--action`tOnly these actions, such as ORDER_PLACED"
            "--actor`tOnly what they did: an e-mail address, what is before..."
            "--entity`tOnly about this kind of thing, or the one with this id"
            "--since`tBegin there, not with the last 10: 30m, 12h, a date or a..."
        }
        'webhooks sign' {
            "--secret-stdin`tRead the secret from standard input"
            "--keep-secret`tEnter a secret and keep it beside the profile's token"
        }
        'webhooks verify' {
            "--signature`tWhat the header X-Unified-Signature said"
            "--secret-stdin`tRead the secret from standard input"
        }
        'webhooks send' {
            "--event`tSuch as order.created"
            "--data`tWhat it is about, JSON or YAML"
            "--connection`tSend it as the integration provider would"
            "--secret-stdin`tRead the secret from standard input"
            "--dry-run`tShow what would be sent and what it would change; change..."
        }
        'api' {
            "-f`tA field: true, false, null and numbers are typed"
            "--field`tA field: true, false, null and numbers are typed"
            "-F`tA field that is text as it is"
            "--raw-field`tA field that is text as it is"
            "--input`tJSON to send, byte by byte; - is stdin"
            "--paginate`tRead a list in pages to its end, as one array"
            "-i`tPrint the status line and the headers first"
            "--include`tPrint the status line and the headers first"
            "-y`tDo it without asking"
            "--yes`tDo it without asking"
            "--dry-run`tShow what would be sent and what it would change; change..."
            "--confirm`tDo it without asking, if this is the profile's name; in..."
        }
        'auth login' {
            "--with-token`tRead the token from standard input"
            "--insecure-storage`tKeep the token in a file (0600) instead of the keyring"
            "--token-command`tA program that prints a fresh token"
            "--token-url`tWhere an OAuth 2 refresh token is renewed"
            "--client-id`tThe client that the refresh token belongs to"
        }
        'auth status' {
            "--all`tThe login of every profile"
        }
        'runs show' {
            "--rows`tList its rows"
        }
        'runs resume' {
            "--resend-unknown`tSend these lines again although they may have arrived"
            "--report`tWrite what became of each row there, as .csv or .json"
            "--dry-run`tShow what would be sent and what it would change; change..."
        }
        'runs undo' {
            "--report`tWrite what became of each row there, as .csv or .json"
            "-y`tDo it without asking"
            "--yes`tDo it without asking"
            "--dry-run`tShow what would be sent and what it would change; change..."
            "--confirm`tDo it without asking, if this is the profile's name; in..."
        }
        'sandbox init' {
            "--seed`tThe same seed makes the same shop"
        }
        'sandbox serve' {
            "--port`tOn 127.0.0.1; 0 takes a free one"
        }
        'sandbox reset' {
            "--seed`tThe same seed makes the same shop"
            "-y`tDo it without asking"
            "--yes`tDo it without asking"
        }
        'sandbox token' {
            "--role`tRole that the token gives"
            "--expires-in`tHow long it lives; 3600 by default"
        }
        'sandbox fault add' {
            "--on`tA method, a path or both; * is any text"
            "--times`tThe next N of them; 1 by default"
            "--rate`tEach of them with this chance, such as 0.2"
            "--seed`tOf --rate; the same one strikes alike"
            "--seconds`tOf slow and 429; 5 by default"
        }
        'sandbox fault limit' {
            "--count-as`tHow requests are counted"
            "--strangers`tRequests a minute that are not yours"
        }
        'doctor' {
            "--network`tAlso look up the API's host, its TLS, its health and its..."
        }
        'completion install' {
            "-y`tDo it without asking"
            "--yes`tDo it without asking"
        }
        'completion uninstall' {
            "-y`tDo it without asking"
            "--yes`tDo it without asking"
        }
    }
    "-p`tWhich tenant"
    "--profile`tWhich tenant"
    "--json`tJSON on stdout; short for -o json"
    "-o`tFormat"
    "--output`tFormat"
    "--columns`tOnly these columns of a table, CSV or TSV, by title or key"
    "--fields`tOnly these fields, in this order, in every format"
    "--jq`tFilter the JSON with jq's language"
    "-q`tNo footer, no hints, no progress; errors still show"
    "--quiet`tNo footer, no hints, no progress; errors still show"
    "--no-color`tNo color"
    "--debug`tA line a request on stderr; secrets masked"
    "--timeout`tFor a whole request; 30 by default"
    "--max-wait`tLongest wait for the rate limit, and for retries; 120 by..."
    "--base-url`tAnother API host"
    "--sandbox`tThe embedded sandbox instead of the network"
    "--read-only`tRefuse every request that is not a read"
    "-V`tShow the version"
    "--version`tShow the version"
    "-h`tShow this message and exit"
    "--help`tShow this message and exit"
}

function __SynqValue([string] $Where) { # what completes the value of "PATH --option", or the argument "PATH #1"
    switch -Wildcard -CaseSensitive ($Where) {
        'orders list --status' { return 'list open closed unpaid to-ship shipped returning refunded dead cancellable draft pending_payment payment_authorized confirmed processing partially_fulfilled fulfilled delivered completed return_requested partially_returned returned partially_refunded cancelled failed' }
        'inventory reservations --status' { return 'words ACTIVE RELEASED CONSUMED' }
        '* --channel' { return '' }
        '* --since' { return '' }
        '* --key' { return '' }
        '* --limit' { return '' }
        '* --currency' { return '' }
        '* --payment-provider' { return '' }
        '* --payment-reference' { return '' }
        '* --customer' { return '' }
        '* --idempotency-key' { return '' }
        '* --for' { return '' }
        '* --carrier' { return '' }
        '* --tracking-number' { return '' }
        '* --reason' { return '' }
        'products variants create --sku' { return '' }
        '* --threshold' { return '' }
        'inventory ledger --type' { return '' }
        '* --reference' { return '' }
        '* --description' { return '' }
        'products create --category' { return '' }
        'products update --category' { return '' }
        '* --title' { return '' }
        '* --barcode' { return '' }
        '* --price' { return '' }
        '* --slug' { return '' }
        '* --logo-url' { return '' }
        '* --alt-text' { return '' }
        '* --sort-order' { return '' }
        '* --name' { return '' }
        '* --provider' { return '' }
        '* --actor' { return '' }
        '* --entity' { return '' }
        '* --signature' { return '' }
        '* --connection' { return '' }
        '* -f' { return '' }
        '* --field' { return '' }
        '* -F' { return '' }
        '* --raw-field' { return '' }
        '* --token-command' { return '' }
        '* --token-url' { return '' }
        '* --client-id' { return '' }
        '* --resend-unknown' { return '' }
        '* --seed' { return '' }
        '* --port' { return '' }
        '* --expires-in' { return '' }
        '* --on' { return '' }
        '* --times' { return '' }
        '* --rate' { return '' }
        '* --seconds' { return '' }
        '* --strangers' { return '' }
        '* --columns' { return '' }
        '* --fields' { return '' }
        '* --jq' { return '' }
        '* --timeout' { return '' }
        '* --max-wait' { return '' }
        '* --base-url' { return '' }
        '* --file' { return 'file' }
        '* --report' { return 'file' }
        '* --to' { return 'file' }
        '* --data' { return 'file' }
        '* --input' { return 'file' }
        'inventory skus import #1' { return 'file' }
        'products import #1' { return 'file' }
        'webhooks sign #1' { return 'file' }
        'webhooks verify #1' { return 'file' }
        '* --item' { return 'ask item' }
        '* --location' { return 'ask location' }
        '* --confirm' { return 'ask profile' }
        '* -p' { return 'ask profile' }
        '* --profile' { return 'ask profile' }
        'auth switch #1' { return 'ask profile' }
        'products attributes create --type' { return 'words TEXT NUMBER' }
        'products jobs list --type' { return 'words import update delete' }
        'products jobs create --type' { return 'words import update delete' }
        'integrations save --category' { return 'words commerce accounting' }
        '* --category-id' { return 'ask category' }
        '* --parent' { return 'ask category' }
        '* --brand-id' { return 'ask brand' }
        'products push --action' { return 'words upsert delete' }
        'integrations push --action' { return 'words upsert delete' }
        'audit list --action' { return 'list PRODUCT_CREATED PRODUCT_UPDATED PRODUCT_DELETED PRODUCT_PRICE_CHANGED ORDER_PLACED ORDER_FULFILLED ORDER_CANCELLED ORDER_REFUNDED USER_INVITED INTEGRATION_CONNECTED TENANT_SETTINGS_UPDATED' }
        'audit tail --action' { return 'list PRODUCT_CREATED PRODUCT_UPDATED PRODUCT_DELETED PRODUCT_PRICE_CHANGED ORDER_PLACED ORDER_FULFILLED ORDER_CANCELLED ORDER_REFUNDED USER_INVITED INTEGRATION_CONNECTED TENANT_SETTINGS_UPDATED' }
        '* --product' { return 'ask product' }
        'products update #1' { return 'ask product' }
        'products delete #1' { return 'ask product' }
        'products push #1' { return 'ask product' }
        'products variants create #1' { return 'ask product' }
        'integrations push #1' { return 'ask product' }
        '* --role' { return 'words ADMIN EDITOR VIEWER' }
        'organization members set-role #2' { return 'words ADMIN EDITOR VIEWER' }
        '* --event' { return 'words order.created order.updated product.created product.updated inventory.adjusted integration.synced accounting.order.created accounting.order.updated' }
        '* --rows' { return 'words failed unknown all' }
        '* --count-as' { return 'words log counter log-strict' }
        '* -o' { return 'words table json ndjson yaml csv tsv' }
        '* --output' { return 'words table json ndjson yaml csv tsv' }
        'orders get #1' { return 'ask order' }
        'orders track #1' { return 'ask order' }
        'orders fulfill #1' { return 'ask order' }
        'orders return #1' { return 'ask order' }
        'orders cancel #1' { return 'ask order' }
        'products get #1' { return 'ask product-or-sku' }
        'products jobs get #1' { return 'ask job' }
        'products jobs watch #1' { return 'ask job' }
        'config get #1' { return 'words base_url tenant_id org_id location output timeout max_wait read_only bulk_payload environment token_command token_url client_id' }
        'config set #1' { return 'words base_url tenant_id org_id location output timeout max_wait read_only bulk_payload environment token_command token_url client_id' }
        'config unset #1' { return 'words base_url tenant_id org_id location output timeout max_wait read_only bulk_payload environment token_command token_url client_id' }
        'runs show #1' { return 'ask run' }
        'runs resume #1' { return 'ask run' }
        'runs undo #1' { return 'ask run' }
        'sandbox fault add #1' { return 'words 429 500 502 503 expired missing garbage lost-before lost 500-after slow' }
        'completion install #1' { return 'words bash zsh fish powershell pwsh' }
        'completion uninstall #1' { return 'words bash zsh fish powershell pwsh' }
        'help #1' { return 'words exit-codes environment formats rate-limit auth bulk orders inventory products channels integrations organization settings audit webhooks api auth config runs limits sandbox doctor completion schema help' }
        'inventory levels --sku' { return 'ask sku' }
        'inventory ledger --sku' { return 'ask sku' }
        'inventory reservations --sku' { return 'ask sku' }
        'products variants list --sku' { return 'ask sku' }
        '* --variant' { return 'ask sku' }
        'inventory adjust #1' { return 'ask sku' }
        'inventory levels #*' { return 'ask sku' }
        'inventory reserve #1' { return 'ask sku' }
        'inventory skus forget #*' { return 'ask sku' }
        'settings set #*' { return 'words inventory_allocation_model=HARD inventory_allocation_model=SOFT auto_po_enabled=true auto_po_enabled=false default_low_stock_threshold= costing_method=WAC costing_method=FIFO' }
        'api #*' { return 'words GET POST PUT PATCH DELETE HEAD' }
        'schema #*' { return 'command' }
        'help #*' { return 'command' }
    }
    return $null
}

function __SynqOfferValue([string] $How, [string] $Before, [string] $Typed, [string[]] $Words) {
    $parts = @($How -split ' ')
    $rest = @($parts | Select-Object -Skip 1)
    switch ($parts[0]) {
        'words' { $rest | ForEach-Object { "$Before$_" } }
        'list' {
            $head = $Typed -replace '[^,]*$', ''
            $rest | ForEach-Object { "$Before$head$_" }
        }
        'ask' { & synq __complete $rest[0] $Typed '--' @Words 2>$null | ForEach-Object { "$Before$_" } }
    }
}

Register-ArgumentCompleter -Native -CommandName synq -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $word = "$wordToComplete" -replace '["'']', ''
    $words = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { $_.Extent.Text -replace '["'']', '' })
    $at = ''; $how = ''; $option = ''; $only = $false; $arguments = @()
    foreach ($one in ($words | Select-Object -Skip 1)) {
        if ($option) { $option = '' }
        elseif (-not $only -and $one -eq '--') { $only = $true }
        elseif (-not $only -and $one -match '^-[^0-9]') {
            if ($null -ne (__SynqValue "$at $one")) { $option = $one }
        }
        elseif (__SynqBelow $at) { $at = "$at $one".Trim() }
        else { $arguments += $one }
    }
    $kind = 'ParameterValue'
    if ($option) { $how = __SynqValue "$at $option"; $offered = __SynqOfferValue $how '' $word $words }
    elseif (-not $only -and $word -match '^(--[^=]+=)(.*)$') {
        $before = $Matches[1]; $typed = $Matches[2]
        $how = __SynqValue "$at $($before.TrimEnd('='))"
        $offered = __SynqOfferValue $how $before $typed $words
    }
    elseif (-not $only -and $word -match '^-([^0-9]|$)') { $offered = __SynqOptions $at; $kind = 'ParameterName' }
    elseif (__SynqBelow $at) { $offered = __SynqBelow $at }
    else {
        $how = __SynqValue "$at #$($arguments.Count + 1)"
        if ($how -eq 'command') { $offered = __SynqBelow "$arguments" }
        else { $offered = __SynqOfferValue $how '' $word $words }
    }
    if ($how -eq 'file') { return } # PowerShell completes paths itself
    $found = @($offered | Where-Object { $_ -and $_.StartsWith($word, 'OrdinalIgnoreCase') } | ForEach-Object {
        $value, $about = $_ -split "`t", 2
        $text = if ($value -match '[^\w.,:=@/+-]') { "'" + $value.Replace("'", "''") + "'" } else { $value }
        [System.Management.Automation.CompletionResult]::new($text, $value, $kind, $(if ($about) { $about } else { $value }))
    })
    if ($found) { $found } else { '' } # with nothing at all PowerShell would offer paths
}
