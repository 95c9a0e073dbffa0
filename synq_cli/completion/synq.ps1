# TAB for synq @VERSION@ in PowerShell 7. Written by `synq completion powershell` from the command tree.
# All is answered from these tables; only for what this machine alone knows (`ask`) synq is started.

function __SynqBelow([string] $At) { # the names below a group
    switch -CaseSensitive ($At) {
@BELOW@
    }
}

function __SynqOptions([string] $At) { # the options of a command, and those that every command takes
    switch -CaseSensitive ($At) {
@OPTIONS@
    }
@SHARED@
}

function __SynqValue([string] $Where) { # what completes the value of "PATH --option", or the argument "PATH #1"
    switch -Wildcard -CaseSensitive ($Where) {
@VALUES@
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
