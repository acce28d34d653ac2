"""What is damaged past the product, and what is said of it then.

`OF_DRAFT`, `OF_SEALED`, `OLD` and `NEW` stand for conditions: `tests.recount.conftest.damage`.
"""

import pytest

DAMAGES = [
    pytest.param(
        "update usage_totals set quantity = quantity + 7 where quantity = 7",
        r"acme, Calls of the cycle from .*: the facts come to 10 units, the ledger has 10 "
        r"units\. On .* 14 units are counted, and the records come to 7\. The record early of "
        r".* UTC \(7 units\) is counted twice\.",
        id="a counter that counted a record twice",
    ),
    pytest.param(
        "update usage_totals set quantity = quantity + 7 where quantity = 7;"
        "update invoice_items set quantity = 10, amount_cents = 1000"
        " where OF_DRAFT and OLD;"
        "update invoices set total_cents = total_cents + 700 where status = 'draft'",
        r"the facts come to \$10\.00, the ledger has \$17\.00, \$7\.00 too much\. "
        r".*early.*is counted twice\.",
        id="a record that was counted and billed twice",
    ),
    pytest.param(
        "update usage_totals set quantity = 0 where quantity = 11;"
        "delete from invoice_items where OF_DRAFT and NEW;"
        "update invoices set total_cents = total_cents - 3300 where status = 'draft'",
        r"the facts come to \$39\.00, the ledger has \$6\.00, \$33\.00 too little\. "
        r".*The record new of .* \(11 units\) is counted not at all\.",
        id="a record that was never counted",
    ),
    pytest.param(
        "delete from usage_totals where quantity = 11",
        r"On .* 0 units are counted, and the records come to 11\.",
        id="a counter that is gone",
    ),
    pytest.param(
        "update invoice_items set amount_cents = amount_cents + 50 where OF_DRAFT and NEW;"
        "update invoices set total_cents = total_cents + 50 where status = 'draft'",
        r"acme, invoice 2, Calls .*: the facts come to \$33\.00, the ledger has \$33\.50, "
        r"\$0\.50 too much\. That is what 13 units cost by the version from .*\.",
        id="an amount of an item",
    ),
    pytest.param(
        "update invoice_items set quantity = quantity + 1 where OF_DRAFT and NEW",
        r"Its items come to 14 units, the records to 13; the last item is on invoice 2\.",
        id="units of an item",
    ),
    pytest.param(
        "delete from invoice_items where OF_DRAFT and NEW;"
        "update invoices set total_cents = total_cents - 3300 where status = 'draft'",
        r"the facts come to \$39\.00, the ledger has \$6\.00, \$33\.00 too little\. "
        r"Its items come to 2 units, the records to 13;",
        id="an item that is missing",
    ),
    pytest.param(
        "delete from invoice_items where OF_DRAFT and kind = 'recurring'",
        r"acme, invoice 2, Support \(.*\) of the cycle from .*: the facts come to \$.*, the "
        r"ledger has \$0\.00, .* too little\. It has no item for it\. It was attached from ",
        id="a fee that is missing",
    ),
    pytest.param(
        "update invoice_items set amount_cents = amount_cents - 1 where OF_SEALED and"
        " kind = 'recurring'; update invoices set total_cents = total_cents - 1"
        " where status = 'sealed'",
        r"acme, invoice 1, Support .*, \$0\.01 too little\. It was attached from ",
        id="a fee on a sealed invoice",
    ),
    pytest.param(
        "update invoice_items set amount_cents = 2100 where OF_SEALED and OLD;"
        "update invoice_items set amount_cents = -1100 where OF_DRAFT and OLD;"
        "update invoices set total_cents = total_cents + 1400 where status = 'sealed';"
        "update invoices set total_cents = total_cents - 1400 where status = 'draft'",
        r"acme, invoice 1, Calls .*: the facts come to \$7\.00, the ledger has \$21\.00, "
        r"\$14\.00 too much\. Its 7 units are rated by the version from .*; in force was",
        id="a sealed item that a wrong version rated, made up for since",
    ),
    pytest.param(
        "update usage_records set price_version_id = (select max(id) from price_versions)"
        " where key = 'early'",
        r"The record early of .* is billed by the version from .*; in force was the one from",
        id="a record that a wrong version bills",
    ),
    pytest.param(
        "insert into usage_records (organization_id, key, recorded_at, meter, service_id,"
        " price_version_id, cycle_id, quantity, received_at) select organization_id, key,"
        " recorded_at + interval '1 minute', meter, service_id, price_version_id, cycle_id,"
        " quantity, received_at from usage_records where key = 'early'",
        r"The record early of .* \(7 units\) is there once more than it was accepted\.",
        id="a record that is there twice",
    ),
    pytest.param(
        "update invoice_items set quantity = 5, amount_cents = 500 where OF_SEALED and OLD;"
        "update invoice_items set quantity = 5, amount_cents = 500 where OF_DRAFT and OLD;"
        "update invoices set total_cents = total_cents - 200, seal_after_at = sealed_at"
        " where status = 'sealed';"
        "update invoices set total_cents = total_cents + 200 where status = 'draft'",
        r"When invoice 1 was sealed, .*, records of 7 units were there, and up to it 5 are",
        id="units that were known at the seal and billed later",
    ),
    pytest.param(
        "update invoice_items set quantity = 9, amount_cents = 900 where OF_SEALED and OLD;"
        "update invoice_items set quantity = 1, amount_cents = 100 where OF_DRAFT and OLD;"
        "update invoices set total_cents = total_cents + 200 where status = 'sealed';"
        "update invoices set total_cents = total_cents - 200 where status = 'draft'",
        r"When invoice 1 was sealed, .*, records of 7 units were there, and up to it 9 are",
        id="units that nobody knew at the seal",
    ),
    pytest.param(
        "update invoice_items set amount_cents = 901 where OF_DRAFT and kind = 'adjustment';"
        "update invoices set total_cents = total_cents + 1 where status = 'draft'",
        r"acme, invoice 2, “Of 900”: the facts come to \$9\.00, the ledger has \$9\.01, "
        r"\$0\.01 too much\. It was added with another amount\.",
        id="a charge with another amount",
    ),
    pytest.param(
        "delete from invoice_items where OF_DRAFT and kind = 'adjustment'",
        r"“Of 900”: the facts come to \$9\.00, the ledger has \$0\.00, .* no item for this",
        id="a charge that is not billed",
    ),
    pytest.param(
        "delete from adjustments where amount_cents = 900",
        r"“Of 900”: the facts come to \$0\.00, the ledger has \$9\.00, .* was never added",
        id="a charge that nobody added",
    ),
    pytest.param(
        "update invoices set total_cents = total_cents - 7 where status = 'draft'",
        r"acme, invoice 2: .*, \$0\.07 too little\. Its total is not what its items come to\.",
        id="a total",
    ),
    pytest.param(
        "update services set detached_at = now() - interval '3 days' where price_id ="
        " (select id from prices where code = 'calls')",
        r"The record new of .* is billed, and no service with its meter was attached then\.",
        id="a service that ended past the product",
    ),
]  # fmt: skip
