"""Reads letters, whose files are the arguments, and prints what each says, one JSON text a line."""
import email
import email.policy
import json
import sys


def mailbox(field):
    (address,) = field.addresses
    return {"Name": address.display_name, "Address": address.addr_spec}


def defects(part):
    found = [repr(d) for d in part.defects]
    for value in part.values():
        found += [repr(d) for d in value.defects]
    return found


for name in sys.argv[1:]:
    with open(name, "rb") as file:
        letter = email.message_from_binary_file(file, policy=email.policy.default)
    parts = list(letter.iter_parts())
    print(json.dumps({
        "From": mailbox(letter["From"]),
        "ReplyTo": mailbox(letter["Reply-To"]),
        "To": mailbox(letter["To"]),
        "Subject": letter["Subject"],
        "Date": letter["Date"].datetime.isoformat(),
        "ID": letter["Message-ID"],
        "Unsubscribe": letter["List-Unsubscribe"],
        "Fields": letter.keys(),
        "Types": [letter.get_content_type()] + [p.get_content_type() for p in parts],
        "Text": letter.get_body(("plain",)).get_content(),
        "HTML": letter.get_body(("html",)).get_content(),
        "Defects": sum((defects(p) for p in letter.walk()), []),
    }))
