# TAB for synq 0.1.0 in fish. Written by `synq completion fish` from the command tree.
# All is answered from these tables; only for what this machine alone knows (`ask`) synq is started.

function __synq_below # the names below a group
    switch "$argv"
        case ''
            printf '%s\t%s\n' \
                'orders' 'List, place, track, ship and cancel orders' \
                'inventory' 'Look at stock, adjust and reserve it' \
                'products' 'Look at the catalogue and change it' \
                'channels' 'List and change the sales channels' \
                'integrations' 'Connect the tenant to other platforms' \
                'organization' 'Show the organization and manage its members' \
                'settings' 'Show and change the tenant'\''s settings' \
                'audit' 'Read the log of what was done' \
                'webhooks' 'Sign webhooks, check them, send them' \
                'api' 'Send any request to the API' \
                'auth' 'Log in, switch tenants, log out' \
                'config' 'Read and change profiles' \
                'runs' 'Look at bulk runs, resume them, undo them' \
                'limits' 'Show the rate limit and who spent it' \
                'sandbox' 'Try synq on an embedded tenant' \
                'doctor' 'Look at everything synq rests on, and name the mends' \
                'completion' 'Complete commands, options and values with TAB' \
                'schema' 'Print the commands as JSON, for programs' \
                'help' 'Explain a topic, or a command'
        case 'orders'
            printf '%s\t%s\n' \
                'list' 'List orders' \
                'get' 'Show an order' \
                'create' 'Place an order, or many from a file' \
                'track' 'Show the life of an order' \
                'fulfill' 'Record a parcel of an order as sent' \
                'return' 'Open a return for an order' \
                'cancel' 'Cancel an order'
        case 'inventory'
            printf '%s\t%s\n' \
                'adjust' 'Adjust the stock of one SKU, or of many from a file' \
                'levels' 'List stock levels' \
                'locations' 'List the stock locations' \
                'ledger' 'List what changed the stock, newest first' \
                'reserve' 'Reserve units of one SKU' \
                'release' 'Release a reservation' \
                'reservations' 'List reservations, newest first' \
                'skus' 'Manage the SKUs this machine knows'
        case 'inventory skus'
            printf '%s\t%s\n' \
                'list' 'List the SKUs this machine knows' \
                'add' 'Teach this machine one SKU' \
                'import' 'Teach this machine many SKUs from a CSV file' \
                'forget' 'Forget SKUs on this machine'
        case 'products'
            printf '%s\t%s\n' \
                'list' 'List products, by title' \
                'get' 'Show a product, by its id or by a SKU' \
                'create' 'Create a product' \
                'update' 'Change a product' \
                'delete' 'Delete a product' \
                'push' 'Push a product to the connected platforms' \
                'stats' 'Show the counters of catalogue and stock' \
                'issues' 'List what is wrong with the data of products' \
                'export' 'Queue an export of the catalogue, or write one here' \
                'import' 'Import new products from a file of any size' \
                'variants' 'List the variants of products and add to them' \
                'categories' 'List the categories and add to them' \
                'brands' 'List the brands and add to them' \
                'attributes' 'List the attributes and add to them' \
                'attribute-groups' 'List the attribute groups and add to them' \
                'templates' 'List the product templates and add to them' \
                'media' 'List the media and add to them' \
                'jobs' 'Start bulk jobs and follow them'
        case 'products variants'
            printf '%s\t%s\n' \
                'list' 'List variants with their SKUs and prices' \
                'create' 'Add a variant to a product'
        case 'products categories'
            printf '%s\t%s\n' \
                'list' 'List the categories' \
                'create' 'Create a category'
        case 'products brands'
            printf '%s\t%s\n' \
                'list' 'List the brands' \
                'create' 'Create a brand'
        case 'products attributes'
            printf '%s\t%s\n' \
                'list' 'List the attributes' \
                'create' 'Create an attribute'
        case 'products attribute-groups'
            printf '%s\t%s\n' \
                'list' 'List the attribute groups' \
                'create' 'Create an attribute group'
        case 'products templates'
            printf '%s\t%s\n' \
                'list' 'List the product templates' \
                'create' 'Create a product template'
        case 'products media'
            printf '%s\t%s\n' \
                'list' 'List the media' \
                'add' 'Add the address of a picture or a film'
        case 'products jobs'
            printf '%s\t%s\n' \
                'list' 'List bulk jobs, newest first' \
                'get' 'Show a bulk job' \
                'create' 'Start a bulk job from a file' \
                'watch' 'Follow a bulk job until it has ended'
        case 'channels'
            printf '%s\t%s\n' \
                'list' 'List the sales channels' \
                'create' 'Create a sales channel' \
                'update' 'Change a sales channel'
        case 'integrations'
            printf '%s\t%s\n' \
                'list' 'List the connected platforms' \
                'connect' 'Get the address that connects a platform' \
                'save' 'Save a connection after granting access' \
                'push' 'Push a product to the connected platforms' \
                'disconnect' 'End the connection to a platform'
        case 'organization'
            printf '%s\t%s\n' \
                'show' 'Show the organization'\''s profile' \
                'update' 'Rename the organization' \
                'members' 'Manage the organization'\''s members'
        case 'organization members'
            printf '%s\t%s\n' \
                'list' 'List the members and their roles' \
                'invite' 'Invite somebody by e-mail' \
                'set-role' 'Change a member'\''s role' \
                'remove' 'Remove a member'
        case 'settings'
            printf '%s\t%s\n' \
                'show' 'Show the tenant'\''s settings' \
                'set' 'Change the tenant'\''s settings'
        case 'audit'
            printf '%s\t%s\n' \
                'list' 'List what was done, newest first' \
                'tail' 'Follow what is done, newest last'
        case 'webhooks'
            printf '%s\t%s\n' \
                'sign' 'Print the signature of a webhook'\''s body' \
                'verify' 'Check the signature of a webhook'\''s body' \
                'send' 'Send an event, signed, once'
        case 'auth'
            printf '%s\t%s\n' \
                'login' 'Log in to a tenant' \
                'status' 'Show who you are logged in as' \
                'refresh' 'Renew the token now' \
                'token' 'Print the token, for other tools' \
                'switch' 'Choose the profile used by default' \
                'logout' 'Forget the token of a profile'
        case 'config'
            printf '%s\t%s\n' \
                'list' 'List settings, their values and where they came from' \
                'get' 'Print the value of one setting' \
                'set' 'Change a setting of the profile' \
                'unset' 'Take a setting out of the profile' \
                'path' 'Print where the profiles are kept'
        case 'runs'
            printf '%s\t%s\n' \
                'list' 'List the bulk runs of this machine' \
                'show' 'Show a bulk run, or its rows' \
                'resume' 'Go on with a bulk run that was interrupted' \
                'undo' 'Take a bulk run back, by the opposite of each row'
        case 'sandbox'
            printf '%s\t%s\n' \
                'init' 'Create the sandbox' \
                'info' 'Show where the sandbox is and what it holds' \
                'serve' 'Serve the sandbox over HTTP on this machine' \
                'reset' 'Make the sandbox anew' \
                'token' 'Print a token for the served sandbox' \
                'fault' 'Make the sandbox misbehave on order'
        case 'sandbox fault'
            printf '%s\t%s\n' \
                'add' 'Order a fault for requests to the sandbox' \
                'list' 'List the faults that may still strike' \
                'clear' 'Take back all faults' \
                'limit' 'Show or change how the sandbox counts requests'
        case 'completion'
            printf '%s\t%s\n' \
                'bash' 'Print the completion script for bash' \
                'zsh' 'Print the completion script for zsh' \
                'fish' 'Print the completion script for fish' \
                'powershell' 'Print the completion script for PowerShell' \
                'install' 'Have the shell complete synq'\''s commands with TAB' \
                'uninstall' 'Take back what `synq completion install` did'
    end
end

function __synq_options # the options of a command, and those that every command takes
    switch "$argv"
        case 'orders list'
            printf '%s\t%s\n' \
                '--status' 'Statuses and groups: open, closed, unpaid, to-ship...' \
                '--channel' 'Only orders of this channel, by name or id' \
                '--since' 'Placed since: 30m, 12h, 7d, 2w, a date or a time' \
                '--key' 'Only the order placed with this idempotency key' \
                '--limit' 'Stop after N rows' \
                '--all' 'All of them, whatever it costs in requests'
        case 'orders create'
            printf '%s\t%s\n' \
                '--file' 'One order in JSON or YAML, or many, one a line; - is stdin' \
                '--item' 'A line; again for more' \
                '--channel' 'The channel that it came in by, by name or id' \
                '--currency' 'Such as EUR' \
                '--payment-provider' 'Such as stripe, adyen or paypal' \
                '--payment-reference' 'The provider'\''s own reference' \
                '--customer' 'The customer'\''s id' \
                '--location' 'Stock location' \
                '--idempotency-key' 'A key of your own instead of a new one' \
                '--wait' 'Follow it until it is confirmed, or has failed' \
                '--for' 'Follow it no longer, then end with exit 75' \
                '--report' 'Write what became of each row there, as .csv or .json' \
                '-y' 'Do it without asking' \
                '--yes' 'Do it without asking' \
                '--dry-run' 'Show what would be sent and what it would change; change...' \
                '--confirm' 'Do it without asking, if this is the profile'\''s name; in...'
        case 'orders track'
            printf '%s\t%s\n' \
                '--watch' 'Go on until nothing can follow; Ctrl-C ends it'
        case 'orders fulfill'
            printf '%s\t%s\n' \
                '--item' 'So many units of a SKU; again for more' \
                '--carrier' 'Who carries the parcel' \
                '--tracking-number' 'The carrier'\''s number of it' \
                '--location' 'The stock location that it leaves from' \
                '--dry-run' 'Show what would be sent and what it would change; change...'
        case 'orders return'
            printf '%s\t%s\n' \
                '--item' 'So many units of a SKU; again for more' \
                '--reason' 'Why' \
                '--dry-run' 'Show what would be sent and what it would change; change...'
        case 'orders cancel'
            printf '%s\t%s\n' \
                '--reason' 'Why' \
                '-y' 'Do it without asking' \
                '--yes' 'Do it without asking' \
                '--dry-run' 'Show what would be sent and what it would change; change...' \
                '--confirm' 'Do it without asking, if this is the profile'\''s name; in...'
        case 'inventory adjust'
            printf '%s\t%s\n' \
                '--location' 'Stock location' \
                '--file' 'Many rows: CSV, TSV or NDJSON; - is standard input' \
                '--report' 'Write what became of each row there, as .csv or .json' \
                '-y' 'Do it without asking' \
                '--yes' 'Do it without asking' \
                '--dry-run' 'Show what would be sent and what it would change; change...' \
                '--confirm' 'Do it without asking, if this is the profile'\''s name; in...'
        case 'inventory levels'
            printf '%s\t%s\n' \
                '--sku' 'Only this SKU, or the variant with this UUID' \
                '--location' 'Only this stock location' \
                '--low' 'Only what is low: at or below the threshold of the...' \
                '--threshold' 'Only what has N on hand or fewer' \
                '--limit' 'Stop after N rows' \
                '--all' 'All of them, whatever it costs in requests'
        case 'inventory ledger'
            printf '%s\t%s\n' \
                '--sku' 'Only this SKU, or the variant with this UUID' \
                '--location' 'Only this stock location' \
                '--type' 'Only entries of this type, such as adjustment' \
                '--since' 'Only since then: 30m, 12h, 7d, 2w, a date or a time' \
                '--limit' 'Stop after N rows' \
                '--all' 'All of them, whatever it costs in requests'
        case 'inventory reserve'
            printf '%s\t%s\n' \
                '--location' 'Stock location' \
                '--reference' 'What they are held for' \
                '--dry-run' 'Show what would be sent and what it would change; change...'
        case 'inventory release'
            printf '%s\t%s\n' \
                '-y' 'Do it without asking' \
                '--yes' 'Do it without asking' \
                '--dry-run' 'Show what would be sent and what it would change; change...' \
                '--confirm' 'Do it without asking, if this is the profile'\''s name; in...'
        case 'inventory reservations'
            printf '%s\t%s\n' \
                '--sku' 'Only this SKU, or the variant with this UUID' \
                '--location' 'Only this stock location' \
                '--status' 'Only this status'
        case 'inventory skus forget'
            printf '%s\t%s\n' \
                '--all' 'Every SKU of this tenant'
        case 'products create'
            printf '%s\t%s\n' \
                '--description' 'A description' \
                '--category' 'What it is filed under: a category'\''s name or slug' \
                '--dry-run' 'Show what would be sent and what it would change; change...'
        case 'products update'
            printf '%s\t%s\n' \
                '--title' 'A new title' \
                '--description' 'A description' \
                '--category' 'What it is filed under: a category'\''s name or slug' \
                '--category-id' 'A category by its id; a server may ignore it' \
                '--brand-id' 'A brand by its id; a server may ignore it' \
                '--dry-run' 'Show what would be sent and what it would change; change...'
        case 'products delete'
            printf '%s\t%s\n' \
                '-y' 'Do it without asking' \
                '--yes' 'Do it without asking' \
                '--dry-run' 'Show what would be sent and what it would change; change...' \
                '--confirm' 'Do it without asking, if this is the profile'\''s name; in...'
        case 'products push'
            printf '%s\t%s\n' \
                '--action' 'upsert creates or changes it there, delete takes it away' \
                '-y' 'Do it without asking' \
                '--yes' 'Do it without asking' \
                '--dry-run' 'Show what would be sent and what it would change; change...' \
                '--confirm' 'Do it without asking, if this is the profile'\''s name; in...'
        case 'products export'
            printf '%s\t%s\n' \
                '--to' 'Write products there, as .csv or .ndjson; - is standard...' \
                '--whole' 'With description and brand: one request more for each...' \
                '--dry-run' 'Show what would be sent and what it would change; change...'
        case 'products import'
            printf '%s\t%s\n' \
                '--wait' 'Follow it until it has ended' \
                '--for' 'Follow it no longer, then end with exit 75' \
                '--report' 'Write what became of each row there, as .csv or .json' \
                '-y' 'Do it without asking' \
                '--yes' 'Do it without asking' \
                '--dry-run' 'Show what would be sent and what it would change; change...' \
                '--confirm' 'Do it without asking, if this is the profile'\''s name; in...'
        case 'products variants list'
            printf '%s\t%s\n' \
                '--sku' 'Only the variant with this SKU' \
                '--product' 'Only variants of this product' \
                '--limit' 'Stop after N rows' \
                '--all' 'All of them, whatever it costs in requests'
        case 'products variants create'
            printf '%s\t%s\n' \
                '--sku' 'Unique within the tenant' \
                '--barcode' 'An EAN-13, UPC-A or another GTIN' \
                '--price' 'What it sells for, such as 19.90' \
                '--currency' 'Of the price: EUR, GBP, USD ..' \
                '--dry-run' 'Show what would be sent and what it would change; change...'
        case 'products categories create'
            printf '%s\t%s\n' \
                '--slug' 'Its name in URLs' \
                '--description' 'A description' \
                '--parent' 'Put it below this category' \
                '--dry-run' 'Show what would be sent and what it would change; change...'
        case 'products brands create'
            printf '%s\t%s\n' \
                '--description' 'A description' \
                '--logo-url' 'Where its logo lies; nothing is uploaded' \
                '--dry-run' 'Show what would be sent and what it would change; change...'
        case 'products attributes create'
            printf '%s\t%s\n' \
                '--slug' 'Its name in URLs' \
                '--type' 'TEXT, NUMBER or another type that the server knows' \
                '--dry-run' 'Show what would be sent and what it would change; change...'
        case 'products attribute-groups create'
            printf '%s\t%s\n' \
                '--description' 'A description' \
                '--dry-run' 'Show what would be sent and what it would change; change...'
        case 'products templates create'
            printf '%s\t%s\n' \
                '--description' 'A description' \
                '--dry-run' 'Show what would be sent and what it would change; change...'
        case 'products media list'
            printf '%s\t%s\n' \
                '--product' 'The product, by its id or its first letters once seen' \
                '--variant' 'The variant, by its SKU or its UUID'
        case 'products media add'
            printf '%s\t%s\n' \
                '--product' 'The product, by its id or its first letters once seen' \
                '--variant' 'The variant, by its SKU or its UUID' \
                '--alt-text' 'What it shows, for those who can'\''t see it' \
                '--sort-order' 'Its place, 0 being the first' \
                '--dry-run' 'Show what would be sent and what it would change; change...'
        case 'products jobs list'
            printf '%s\t%s\n' \
                '--type' 'Only jobs of this type'
        case 'products jobs create'
            printf '%s\t%s\n' \
                '--type' 'What the job does' \
                '--file' 'The rows: an array in JSON or YAML, or NDJSON; - is stdin' \
                '--wait' 'Follow it until it has ended' \
                '--for' 'Follow it no longer, then end with exit 75' \
                '-y' 'Do it without asking' \
                '--yes' 'Do it without asking' \
                '--dry-run' 'Show what would be sent and what it would change; change...' \
                '--confirm' 'Do it without asking, if this is the profile'\''s name; in...'
        case 'products jobs watch'
            printf '%s\t%s\n' \
                '--for' 'Follow it no longer, then end with exit 75'
        case 'channels create'
            printf '%s\t%s\n' \
                '--currency' 'Three letters, such as GBP' \
                '--inactive' 'It takes no orders yet' \
                '--dry-run' 'Show what would be sent and what it would change; change...'
        case 'channels update'
            printf '%s\t%s\n' \
                '--name' 'A new name' \
                '--currency' 'Another currency: three letters, such as GBP' \
                '--active' 'Whether it takes orders' \
                '--dry-run' 'Show what would be sent and what it would change; change...'
        case 'integrations connect'
            printf '%s\t%s\n' \
                '--dry-run' 'Show what would be sent and what it would change; change...'
        case 'integrations save'
            printf '%s\t%s\n' \
                '--category' 'Category of the platform' \
                '--provider' 'Such as shopify, where Synq can'\''t look it up itself' \
                '--dry-run' 'Show what would be sent and what it would change; change...'
        case 'integrations push'
            printf '%s\t%s\n' \
                '--action' 'upsert creates or changes it there, delete takes it away' \
                '-y' 'Do it without asking' \
                '--yes' 'Do it without asking' \
                '--dry-run' 'Show what would be sent and what it would change; change...' \
                '--confirm' 'Do it without asking, if this is the profile'\''s name; in...'
        case 'integrations disconnect'
            printf '%s\t%s\n' \
                '-y' 'Do it without asking' \
                '--yes' 'Do it without asking' \
                '--dry-run' 'Show what would be sent and what it would change; change...' \
                '--confirm' 'Do it without asking, if this is the profile'\''s name; in...'
        case 'organization update'
            printf '%s\t%s\n' \
                '--name' 'The new name' \
                '--dry-run' 'Show what would be sent and what it would change; change...'
        case 'organization members invite'
            printf '%s\t%s\n' \
                '--role' 'Role of the new member' \
                '--dry-run' 'Show what would be sent and what it would change; change...'
        case 'organization members set-role'
            printf '%s\t%s\n' \
                '-y' 'Do it without asking' \
                '--yes' 'Do it without asking' \
                '--dry-run' 'Show what would be sent and what it would change; change...' \
                '--confirm' 'Do it without asking, if this is the profile'\''s name; in...'
        case 'organization members remove'
            printf '%s\t%s\n' \
                '-y' 'Do it without asking' \
                '--yes' 'Do it without asking' \
                '--dry-run' 'Show what would be sent and what it would change; change...' \
                '--confirm' 'Do it without asking, if this is the profile'\''s name; in...'
        case 'settings set'
            printf '%s\t%s\n' \
                '--dry-run' 'Show what would be sent and what it would change; change...'
        case 'audit list'
            printf '%s\t%s\n' \
                '--action' 'Only these actions, such as ORDER_PLACED' \
                '--actor' 'Only what they did: an e-mail address, what is before...' \
                '--entity' 'Only about this kind of thing, or the one with this id' \
                '--since' 'Only since then: 30m, 12h, 7d, 2w, a date or a time' \
                '--catalogue' 'The catalogue'\''s own log instead'
        case 'audit tail'
            printf '%s\t%s\n' \
                '--action' 'Only these actions, such as ORDER_PLACED' \
                '--actor' 'Only what they did: an e-mail address, what is before...' \
                '--entity' 'Only about this kind of thing, or the one with this id' \
                '--since' 'Begin there, not with the last 10: 30m, 12h, a date or a...'
        case 'webhooks sign'
            printf '%s\t%s\n' \
                '--secret-stdin' 'Read the secret from standard input' \
                '--keep-secret' 'Enter a secret and keep it beside the profile'\''s token'
        case 'webhooks verify'
            printf '%s\t%s\n' \
                '--signature' 'What the header X-Unified-Signature said' \
                '--secret-stdin' 'Read the secret from standard input'
        case 'webhooks send'
            printf '%s\t%s\n' \
                '--event' 'Such as order.created' \
                '--data' 'What it is about, JSON or YAML' \
                '--connection' 'Send it as the integration provider would' \
                '--secret-stdin' 'Read the secret from standard input' \
                '--dry-run' 'Show what would be sent and what it would change; change...'
        case 'api'
            printf '%s\t%s\n' \
                '-f' 'A field: true, false, null and numbers are typed' \
                '--field' 'A field: true, false, null and numbers are typed' \
                '-F' 'A field that is text as it is' \
                '--raw-field' 'A field that is text as it is' \
                '--input' 'JSON to send, byte by byte; - is stdin' \
                '--paginate' 'Read a list in pages to its end, as one array' \
                '-i' 'Print the status line and the headers first' \
                '--include' 'Print the status line and the headers first' \
                '-y' 'Do it without asking' \
                '--yes' 'Do it without asking' \
                '--dry-run' 'Show what would be sent and what it would change; change...' \
                '--confirm' 'Do it without asking, if this is the profile'\''s name; in...'
        case 'auth login'
            printf '%s\t%s\n' \
                '--with-token' 'Read the token from standard input' \
                '--insecure-storage' 'Keep the token in a file (0600) instead of the keyring' \
                '--token-command' 'A program that prints a fresh token' \
                '--token-url' 'Where an OAuth 2 refresh token is renewed' \
                '--client-id' 'The client that the refresh token belongs to'
        case 'auth status'
            printf '%s\t%s\n' \
                '--all' 'The login of every profile'
        case 'runs show'
            printf '%s\t%s\n' \
                '--rows' 'List its rows'
        case 'runs resume'
            printf '%s\t%s\n' \
                '--resend-unknown' 'Send these lines again although they may have arrived' \
                '--report' 'Write what became of each row there, as .csv or .json' \
                '--dry-run' 'Show what would be sent and what it would change; change...'
        case 'runs undo'
            printf '%s\t%s\n' \
                '--report' 'Write what became of each row there, as .csv or .json' \
                '-y' 'Do it without asking' \
                '--yes' 'Do it without asking' \
                '--dry-run' 'Show what would be sent and what it would change; change...' \
                '--confirm' 'Do it without asking, if this is the profile'\''s name; in...'
        case 'sandbox init'
            printf '%s\t%s\n' \
                '--seed' 'The same seed makes the same shop'
        case 'sandbox serve'
            printf '%s\t%s\n' \
                '--port' 'On 127.0.0.1; 0 takes a free one'
        case 'sandbox reset'
            printf '%s\t%s\n' \
                '--seed' 'The same seed makes the same shop' \
                '-y' 'Do it without asking' \
                '--yes' 'Do it without asking'
        case 'sandbox token'
            printf '%s\t%s\n' \
                '--role' 'Role that the token gives' \
                '--expires-in' 'How long it lives; 3600 by default'
        case 'sandbox fault add'
            printf '%s\t%s\n' \
                '--on' 'A method, a path or both; * is any text' \
                '--times' 'The next N of them; 1 by default' \
                '--rate' 'Each of them with this chance, such as 0.2' \
                '--seed' 'Of --rate; the same one strikes alike' \
                '--seconds' 'Of slow and 429; 5 by default'
        case 'sandbox fault limit'
            printf '%s\t%s\n' \
                '--count-as' 'How requests are counted' \
                '--strangers' 'Requests a minute that are not yours'
        case 'doctor'
            printf '%s\t%s\n' \
                '--network' 'Also look up the API'\''s host, its TLS, its health and its...'
        case 'completion install'
            printf '%s\t%s\n' \
                '-y' 'Do it without asking' \
                '--yes' 'Do it without asking'
        case 'completion uninstall'
            printf '%s\t%s\n' \
                '-y' 'Do it without asking' \
                '--yes' 'Do it without asking'
    end
    printf '%s\t%s\n' \
        '-p' 'Which tenant' \
        '--profile' 'Which tenant' \
        '--json' 'JSON on stdout; short for -o json' \
        '-o' 'Format' \
        '--output' 'Format' \
        '--columns' 'Only these columns of a table, CSV or TSV, by title or key' \
        '--fields' 'Only these fields, in this order, in every format' \
        '--jq' 'Filter the JSON with jq'\''s language' \
        '-q' 'No footer, no hints, no progress; errors still show' \
        '--quiet' 'No footer, no hints, no progress; errors still show' \
        '--no-color' 'No color' \
        '--debug' 'A line a request on stderr; secrets masked' \
        '--timeout' 'For a whole request; 30 by default' \
        '--max-wait' 'Longest wait for the rate limit, and for retries; 120 by...' \
        '--base-url' 'Another API host' \
        '--sandbox' 'The embedded sandbox instead of the network' \
        '--read-only' 'Refuse every request that is not a read' \
        '-V' 'Show the version' \
        '--version' 'Show the version' \
        '-h' 'Show this message and exit' \
        '--help' 'Show this message and exit'
end

function __synq_value # what completes the value of "PATH --option", or the argument "PATH #1"; fails if there is none
    switch "$argv"
        case 'orders list --status'
            echo 'list open closed unpaid to-ship shipped returning refunded dead cancellable draft pending_payment payment_authorized confirmed processing partially_fulfilled fulfilled delivered completed return_requested partially_returned returned partially_refunded cancelled failed'
        case 'inventory reservations --status'
            echo 'words ACTIVE RELEASED CONSUMED'
        case '* --channel' '* --since' '* --key' '* --limit' '* --currency' '* --payment-provider' '* --payment-reference' '* --customer' '* --idempotency-key' '* --for' '* --carrier' '* --tracking-number' '* --reason' 'products variants create --sku' '* --threshold' 'inventory ledger --type' '* --reference' '* --description' 'products create --category' 'products update --category' '* --title' '* --barcode' '* --price' '* --slug' '* --logo-url' '* --alt-text' '* --sort-order' '* --name' '* --provider' '* --actor' '* --entity' '* --signature' '* --connection' '* -f' '* --field' '* -F' '* --raw-field' '* --token-command' '* --token-url' '* --client-id' '* --resend-unknown' '* --seed' '* --port' '* --expires-in' '* --on' '* --times' '* --rate' '* --seconds' '* --strangers' '* --columns' '* --fields' '* --jq' '* --timeout' '* --max-wait' '* --base-url'
            echo ''
        case '* --file' '* --report' '* --to' '* --data' '* --input' 'inventory skus import #1' 'products import #1' 'webhooks sign #1' 'webhooks verify #1'
            echo 'file'
        case '* --item'
            echo 'ask item'
        case '* --location'
            echo 'ask location'
        case '* --confirm' '* -p' '* --profile' 'auth switch #1'
            echo 'ask profile'
        case 'products attributes create --type'
            echo 'words TEXT NUMBER'
        case 'products jobs list --type' 'products jobs create --type'
            echo 'words import update delete'
        case 'integrations save --category'
            echo 'words commerce accounting'
        case '* --category-id' '* --parent'
            echo 'ask category'
        case '* --brand-id'
            echo 'ask brand'
        case 'products push --action' 'integrations push --action'
            echo 'words upsert delete'
        case 'audit list --action' 'audit tail --action'
            echo 'list PRODUCT_CREATED PRODUCT_UPDATED PRODUCT_DELETED PRODUCT_PRICE_CHANGED ORDER_PLACED ORDER_FULFILLED ORDER_CANCELLED ORDER_REFUNDED USER_INVITED INTEGRATION_CONNECTED TENANT_SETTINGS_UPDATED'
        case '* --product' 'products update #1' 'products delete #1' 'products push #1' 'products variants create #1' 'integrations push #1'
            echo 'ask product'
        case '* --role' 'organization members set-role #2'
            echo 'words ADMIN EDITOR VIEWER'
        case '* --event'
            echo 'words order.created order.updated product.created product.updated inventory.adjusted integration.synced accounting.order.created accounting.order.updated'
        case '* --rows'
            echo 'words failed unknown all'
        case '* --count-as'
            echo 'words log counter log-strict'
        case '* -o' '* --output'
            echo 'words table json ndjson yaml csv tsv'
        case 'orders get #1' 'orders track #1' 'orders fulfill #1' 'orders return #1' 'orders cancel #1'
            echo 'ask order'
        case 'products get #1'
            echo 'ask product-or-sku'
        case 'products jobs get #1' 'products jobs watch #1'
            echo 'ask job'
        case 'config get #1' 'config set #1' 'config unset #1'
            echo 'words base_url tenant_id org_id location output timeout max_wait read_only bulk_payload environment token_command token_url client_id'
        case 'runs show #1' 'runs resume #1' 'runs undo #1'
            echo 'ask run'
        case 'sandbox fault add #1'
            echo 'words 429 500 502 503 expired missing garbage lost-before lost 500-after slow'
        case 'completion install #1' 'completion uninstall #1'
            echo 'words bash zsh fish powershell pwsh'
        case 'help #1'
            echo 'words exit-codes environment formats rate-limit auth bulk orders inventory products channels integrations organization settings audit webhooks api auth config runs limits sandbox doctor completion schema help'
        case 'inventory levels --sku' 'inventory ledger --sku' 'inventory reservations --sku' 'products variants list --sku' '* --variant' 'inventory adjust #1' 'inventory levels #*' 'inventory reserve #1' 'inventory skus forget #*'
            echo 'ask sku'
        case 'settings set #*'
            echo 'words inventory_allocation_model=HARD inventory_allocation_model=SOFT auto_po_enabled=true auto_po_enabled=false default_low_stock_threshold= costing_method=WAC costing_method=FIFO'
        case 'api #*'
            echo 'words GET POST PUT PATCH DELETE HEAD'
        case 'schema #*' 'help #*'
            echo 'command'
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
