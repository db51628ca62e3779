<#
.SYNOPSIS
Backs up the bots of one VPS to this machine: a drop-in for the earlier backup.ps1.

.DESCRIPTION
Runs "heal run backup --limit TARGET" in the current project. The exit code is heal's.

.PARAMETER Target
Name of the host in the inventory.

.EXAMPLE
backup.ps1 -Target jack4
#>
param(
    [Parameter(Mandatory = $true, Position = 0)]
    [ValidatePattern('^[A-Za-z0-9_][A-Za-z0-9_.-]*$')]
    [string]$Target,

    # Further options of "heal run", such as --inventory or --check.
    [Parameter(ValueFromRemainingArguments = $true)]
    [string[]]$Options = @()
)

$heal = Join-Path $PSScriptRoot 'heal.js'
& node $heal run backup --limit $Target @Options
exit $LASTEXITCODE
