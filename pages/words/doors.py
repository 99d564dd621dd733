"""What the server's redirects to the page Class say went wrong, as sentences."""

PROBLEMS = {
    "code": "This link has no class code in it. Type the six letters that your teacher shows.",
    "ticket": "This took too long, or was opened twice. Join once more.",
    "teacher": "This is not a teacher's link of this server, or it is too old. On the server, "
    "python -m core class link prints a new one.",
    "wait": "Too many wrong teacher's links were opened. Wait a minute, then open the right one.",
    "database": "The classes cannot be reached now, so nothing has changed. Try again in a minute.",
    "elsewhere": "Another website asked to leave the class for you, so nothing has changed. "
    "To leave, use the button on this page.",
    "cookies": "Your browser did not keep the cookie of the class. Allow cookies for this address, "
    "or open Atelier in a tab of its own, and join once more.",
}
