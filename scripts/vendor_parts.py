"""What vendor.py takes from its packages: classes, icons by our names; and Gantry's own shapes."""

# Patterns, tables and paths of SVG are worse to read when they are broken.
# ruff: noqa: E501

LICENCES = {"@tabler/core": "MIT", "@tabler/icons": "MIT", "htmx.org": "0BSD"}

# Classes of Tabler that pages may use. Everything else in Gantry is its own (static/css/components).
KEEP = [
    r"btn(-primary|-secondary|-danger|-success|-warning|-outline-(primary|secondary|danger)|-ghost-(secondary|danger))?",
    r"btn-(sm|lg|icon|link|close|list|group|check)|btn-actions",
    r"form-(control|select|label|hint|text|check|check-input|check-label|switch|fieldset|range|control-(sm|lg|plaintext))",
    r"form-(select-sm|selectgroup[\w-]*)|input-group(-text)?|is-invalid|invalid-feedback|required|disabled|active|show",
    r"table(-responsive|-sm|-hover|-active)?",
    r"container(-(fluid|tight|narrow|xl))?|row|col(-(sm|md|lg|xl))?(-(auto|\d+))?|g-[0-5]|offset-md-\d",
    r"d-(none|inline|inline-block|block|flex|inline-flex|grid|(sm|md|lg)-(none|block|flex|inline))|d-print-none",
    r"flex-(row|column|wrap|nowrap|fill|grow-[01]|shrink-[01])|align-(items|self)-(start|center|end|baseline|stretch)",
    r"justify-content-(start|center|end|between)|gap-[0-4]|order-(first|last)",
    r"[mp][tbsexy]?-([0-4]|auto)|w-(100|50|auto)|h-100|mw-100",
    r"text-(start|end|center|nowrap|wrap|break|truncate|uppercase|lowercase|capitalize|reset|decoration-none)",
    r"fw-(normal|medium|bold)|fs-[3-6]|lh-1|font-monospace|small|strong|lead",
    r"visually-hidden(-focusable)?|overflow-(auto|hidden)|position-(relative|absolute|sticky)|float-end|list-unstyled",
    r"h[1-6]|disabled|was-validated|theme-dark",
]
DROP = [
    r"form-(colorinput|imagecheck)",
    r"\.btn-check",
    r"\[dir=rtl\]",
    r"@keyframes",
    r"@font-face",
    r"was-validated",
]

ICONS = {
    name: f"outline/{source}"
    for name, source in {
        "activity": "activity", "alert": "alert-triangle", "archive": "archive", "arrow-left": "arrow-left",
        "arrow-right": "arrow-right", "audit": "list-details", "back": "arrow-back-up", "bell": "bell", "bolt": "bolt",
        "bug": "bug", "calendar": "calendar-event", "chart": "chart-bar", "check": "check", "chevron-down": "chevron-down",
        "chevron-right": "chevron-right", "clock": "clock", "cloud": "cloud", "code": "code", "command": "command",
        "comment": "message", "commit": "git-commit", "compare": "arrows-left-right", "copy": "copy", "cpu": "cpu",
        "dashboard": "layout-dashboard", "database": "database", "dots": "dots", "download": "download", "drift": "wave-sine",
        "edit": "pencil", "expand": "arrows-maximize", "external": "external-link", "eye": "eye", "file": "file-text",
        "filter": "filter", "folder": "folder", "projects": "folders", "fork": "git-fork", "history": "history", "info": "info-circle", "key": "key",
        "link": "link", "lock": "lock", "unlock": "lock-open", "login": "login", "logout": "logout", "mail": "mail",
        "menu": "menu-2", "module": "package", "moon": "moon", "pause": "player-pause", "play": "player-play", "plus": "plus",
        "policy": "shield-check", "pull-request": "git-pull-request", "queue": "stack-2", "refresh": "refresh",
        "run": "player-track-next", "runs": "player-track-next", "search": "search", "server": "server", "settings": "settings", "branch": "git-branch",
        "stack": "stack-3", "star": "star", "stop": "player-stop", "sun": "sun", "tag": "tag", "terminal": "terminal-2",
        "theme": "contrast", "trash": "trash", "unarchive": "archive-off", "upload": "upload", "user": "user", "users": "users",
        "variable": "variable", "workspace": "box", "wrap": "text-wrap", "x": "x", "follow": "arrow-bar-to-down",
        "keyboard": "keyboard", "schedule": "calendar-repeat",
    }.items()
}  # fmt: skip

_RING = '<circle cx="8" cy="8" r="5.75" fill="none" stroke="currentColor" stroke-width="1.5"/>'
_DIAMOND = "M8 1.6 14.4 8 8 14.4 1.6 8Z"
_LINE = 'fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"'

# One shape per state and action, so that a state is told by form before colour. 16 × 16.
SHAPES = {
    "state-queued": '<circle cx="8" cy="8" r="5.75" fill="none" stroke="currentColor" stroke-width="1.5"'
    ' stroke-dasharray="2.3 2.2"/>',
    "state-ready": _RING + '<circle cx="8" cy="8" r="1.9" fill="currentColor"/>',
    "state-working": _RING + '<path d="M8 2.25a5.75 5.75 0 0 0 0 11.5Z" fill="currentColor"/>',
    "state-changing": _RING + '<path d="M8 2.25a5.75 5.75 0 0 1 0 11.5Z" fill="currentColor"/>',
    "state-review": f'<path d="{_DIAMOND}" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round"/>',
    "state-unconfirmed": f'<path d="{_DIAMOND}" fill="currentColor"/>',
    "state-confirmed": f'<path d="{_DIAMOND}" fill="none" stroke="currentColor" stroke-width="1.4"/>'
    '<path d="M8 5 11 8 8 11 5 8Z" fill="currentColor"/>',
    "state-finished": '<path fill="currentColor" fill-rule="evenodd" d="M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13Z'
    'm3.3 4.1-1-.9-3.1 3.5-1.5-1.5-1 1 2.5 2.6Z"/>',
    "state-failed": '<path fill="currentColor" fill-rule="evenodd" d="M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13Z'
    'M5.9 4.9l-1 1L7 8l-2.1 2.1 1 1L8 9l2.1 2.1 1-1L9 8l2.1-2.1-1-1L8 7Z"/>',
    "state-discarded": _RING + f'<path d="M4.2 11.8 11.8 4.2" {_LINE}/>',
    "state-stopped": '<rect x="3" y="3" width="10" height="10" rx="1.5" fill="currentColor"/>',
    "state-timed-out": '<circle cx="8" cy="9" r="5" fill="none" stroke="currentColor" stroke-width="1.5"/>'
    f'<path d="M6.5 1.75h3M8 6.3V9l1.6 1.2" {_LINE}/>',
    "state-skipped": f'<path d="M2.5 11c.5-4 3-6 5.5-6s4.300 1.500 5 4.500M13.500 6v3.800H9.700" {_LINE}/>',
    "action-create": f'<path d="M8 3.500v9M3.500 8h9" {_LINE}/>',
    "action-update": f'<path d="M2.800 9.200c1.700-3 3.500-3 5.200-1.200s3.500 1.800 5.200-1.200" {_LINE}/>',
    "action-delete": f'<path d="M3.500 8h9" {_LINE}/>',
    "action-replace": f'<path d="M8 2.500v7M4.500 6h7M4.500 13h7" {_LINE}/>',
    "action-move": f'<path d="M2.800 8h10M9.300 4.500 12.800 8l-3.500 3.500" {_LINE}/>',
    "action-import": f'<path d="M8 2.500v7.500M4.800 7 8 10.200 11.200 7M3.500 13.200h9" {_LINE}/>',
    "action-forget": '<circle cx="8" cy="8" r="4.500" fill="none" stroke="currentColor" stroke-width="1.600"/>'
    f'<path d="M3 13 13 3" {_LINE}/>',
    "action-read": '<circle cx="8" cy="8" r="2.750" fill="none" stroke="currentColor" stroke-width="1.600"/>',
    "action-other": '<circle cx="8" cy="8" r="1.750" fill="currentColor"/>',
    "gantry": '<path d="M1.500 4.200h13M3.200 4.200v9.300M12.800 4.200v9.300M1.800 13.500h2.800M11.400 13.500h2.800M8 4.200v2.600" '
    f'{_LINE}/><rect x="5.900" y="7.200" width="4.200" height="3.600" rx=".8" fill="currentColor"/>',
}
