"""What is sold for which money: product, order, invoice, exchange rate."""

from __future__ import annotations

from salescommand_lake.model.shared import (
    ACCOUNT_NAME,
    ACCOUNT_REF,
    BOOL,
    CODE,
    CREATED,
    CURRENCY,
    DATE,
    DECIMAL,
    ENUM,
    OPPORTUNITY_REF,
    OWNER_REF,
    STRING,
    TIME,
    VENDOR_STATUS,
    described,
    present,
)
from salescommand_lake.model.types import FieldType, Noun, Rule

PRODUCT = Noun(
    "product",
    "products",
    "Product",
    "Something that can be sold.",
    "prd",
    (
        described("name", STRING, "Name", "What it is called."),
        described("code", STRING, "Code", "The seller's own number of it."),
        described("family", STRING, "Family", "The group of products that it belongs to, in the source's words."),
        described("price", DECIMAL, "Price", "What one costs by the list.", unit="currency"),
        described("currency", CURRENCY, "Currency", "The currency of the price.", unit="ISO 4217"),
        described("active", BOOL, "Active", "Whether it is still sold."),
        CREATED,
    ),
    (
        present("name", 3, "A product has a name."),
        present("code", 1, "The seller's number is known."),
        Rule("price_not_negative", 1, "A price is not negative.", "ifNull(price >= 0, true)"),
        Rule("currency_present", 1, "A price has a currency.", "isNull(price) OR isNotNull(currency)"),
    ),
    ("name", "code"),
)

ORDER = Noun(
    "order",
    "orders",
    "Order",
    "What an account has ordered.",
    "ord",
    (
        described("number", STRING, "Number", "The number of the order."),
        ACCOUNT_REF,
        ACCOUNT_NAME,
        OPPORTUNITY_REF,
        OWNER_REF,
        described("amount", DECIMAL, "Amount", "What the order is worth, in its own currency.", unit="currency"),
        described("currency", CURRENCY, "Currency", "The currency of the amount.", unit="ISO 4217"),
        described(
            "status",
            ENUM,
            "Status",
            "Whether the order is still a draft or offer, stands, is done or was cancelled.",
            values=("draft", "open", "done", "cancelled"),
        ),
        VENDOR_STATUS,
        described("ordered_at", TIME, "Ordered", "When it was ordered.", unit="UTC"),
        CREATED,
    ),
    (
        present("amount", 3, "The amount is known."),
        present("status", 2, "It is known whether the order stands."),
        present("ordered_at", 2, "It is known when it was ordered."),
        Rule("currency_present", 2, "An amount has a currency.", "isNull(amount) OR isNotNull(currency)"),
        Rule("account_known", 2, "The account is known.", "isNotNull(account_ref) OR isNotNull(account_name)"),
    ),
    ("number", "account_name"),
    "amount",
)

INVOICE = Noun(
    "invoice",
    "invoices",
    "Invoice",
    "A bill to an account.",
    "inv",
    (
        described("number", STRING, "Number", "The number printed on the invoice."),
        ACCOUNT_REF,
        described("customer_email", STRING, "Customer e-mail", "Where the invoice was sent."),
        described(
            "status",
            ENUM,
            "Status",
            "Whether the invoice is still to be sent, to be paid, paid, withdrawn or given up.",
            values=("draft", "open", "paid", "void", "uncollectible"),
        ),
        VENDOR_STATUS,
        described("amount_due", DECIMAL, "Amount due", "What is to be paid.", unit="currency"),
        described("amount_paid", DECIMAL, "Amount paid", "What has been paid.", unit="currency"),
        CODE,
        described("issued_at", TIME, "Issued", "When the invoice was issued.", unit="UTC"),
        described("due_date", DATE, "Due", "The day by which it is to be paid."),
        described("paid_at", TIME, "Paid", "When it was paid in full.", unit="UTC"),
        described("voided_at", TIME, "Voided", "When it was withdrawn.", unit="UTC"),
    ),
    (
        present("amount_due", 3, "The amount is known."),
        present("currency", 2, "The currency is known."),
        present("issued_at", 2, "It is known when the invoice was issued."),
        present("account_ref", 2, "The account is known."),
        present("due_date", 1, "It is known when the invoice is due."),
    ),
    ("number", "customer_email"),
    "amount_due",
)

EXCHANGE_RATE = Noun(
    "exchange_rate",
    "exchange_rates",
    "Exchange rate",
    "What one unit of a currency costs in another on a day.",
    "fxr",
    (
        described("base", CURRENCY, "Base", "The currency that is priced.", unit="ISO 4217"),
        described("quote", CURRENCY, "Quote", "The currency of the price.", unit="ISO 4217"),
        described("day", DATE, "Day", "The day from which the rate holds."),
        described(
            "rate", FieldType.RATE, "Rate", "Units of the quote currency for one unit of the base.", unit="quote/base"
        ),
    ),
    (
        present("base", 1, "The base currency is known."),
        present("quote", 1, "The quote currency is known."),
        present("day", 1, "The day is known."),
        Rule("rate_positive", 2, "The rate is more than zero.", "ifNull(rate > 0, false)"),
    ),
    ("base",),
)
