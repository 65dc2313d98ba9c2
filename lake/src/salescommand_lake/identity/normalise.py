"""How values are made comparable, as SQL over the expression of a value: case, accents, legal forms, digits, hosts.

An argument is written into the result, some more than once: give names of columns, not long expressions.
"""

from __future__ import annotations

__all__ = [
    "FREE_MAIL",
    "LEGAL_FORMS",
    "SHARED_MAILBOXES",
    "company",
    "digits",
    "email",
    "host",
    "is_shared_mailbox",
    "letters_and_digits",
    "sorted_words",
    "token_text",
    "unless_free",
]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


LEGAL_FORMS = _words(
    "ab ag as asa aps bhd bv bvba co company corp corporation cv doo dmcc ea eood eg ev fze fzco fzllc gbr gesmbh gmbh"
    " gmbhcokg inc incorporated jsc kft kg kgaa kk lda limited limitada llc llp lp lpa ltd ltda"
    " mbh mbb nv ood ohg oao ooo oy oyj pao plc pjsc private pte pty pvt sa saoc saog sarl sas sasu sca se sl slu snc"
    " sp spa spk spz sro srl srls stiftung tbk ug ulc vof wll zrt zoo und and"
)
"""Words at the end of a company's name that say its legal form, without dots and accents."""

FREE_MAIL = _words(
    "gmail.com googlemail.com outlook.com outlook.de hotmail.com hotmail.de hotmail.fr hotmail.co.uk live.com msn.com"
    " yahoo.com yahoo.de yahoo.fr yahoo.co.uk yahoo.co.in yahoo.co.jp ymail.com aol.com icloud.com me.com mac.com"
    " gmx.de gmx.net gmx.at gmx.ch gmx.com web.de t-online.de freenet.de mail.de posteo.de mailbox.org proton.me"
    " protonmail.com pm.me tutanota.com zoho.com mail.com fastmail.com yandex.ru yandex.com mail.ru bk.ru inbox.ru"
    " list.ru rambler.ru qq.com 163.com 126.com sina.com naver.com hanmail.net daum.net orange.fr wanadoo.fr free.fr"
    " laposte.net sfr.fr libero.it virgilio.it alice.it tiscali.it bluewin.ch telenet.be skynet.be ziggo.nl"
    " btinternet.com sky.com comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net shaw.ca rogers.com"
    " uol.com.br bol.com.br terra.com.br rediffmail.com wp.pl o2.pl onet.pl interia.pl seznam.cz"
)
"""Hosts where anybody has a mailbox: they say nothing about a company."""

SHARED_MAILBOXES = _words(
    "info office sales contact hello mail admin support service accounting invoice invoices billing buchhaltung"
    " rechnung kontakt vertrieb verkauf einkauf purchasing marketing team help noreply no-reply hr jobs"
)
"""Local parts of addresses that several people read."""

_LETTERS = "translateUTF8({0}, 'øłđðþæœı', 'olddtaoi')"


def token_text(value: str) -> str:
    """Return ``value`` as words of lower-case letters and digits, accents removed, one blank between them."""
    plain = f"replaceRegexpAll(normalizeUTF8NFKD(lowerUTF8(ifNull({value}, ''))), '\\\\p{{Mn}}', '')"
    plain = _LETTERS.format(f"replaceAll({plain}, 'ß', 'ss')")
    # Dots and apostrophes join (S.A. is SA), everything else that is no letter or digit separates.
    joined = f"replaceRegexpAll({plain}, '[.\\'\u2019`]', '')"
    return f"trimBoth(replaceRegexpAll({joined}, '[^\\\\p{{L}}\\\\p{{N}}]+', ' '))"


def company(text: str) -> str:
    """Return the name of a company, given as ``token_text``, without its legal form; all of it when nothing else is."""
    bare = f"replaceRegexpOne({text}, '( ({'|'.join(LEGAL_FORMS)}))+$', '')"
    return f"if({bare} = '', {text}, {bare})"


def sorted_words(text: str) -> str:
    """Return ``token_text`` with its words in the order of the alphabet: Lovelace, Ada is Ada Lovelace."""
    return f"arrayStringConcat(arraySort(splitByChar(' ', {text})), ' ')"


def digits(value: str) -> str:
    """Return the digits of a telephone number without leading zeros."""
    return f"replaceRegexpOne(replaceRegexpAll(ifNull({value}, ''), '[^0-9]', ''), '^0+', '')"


def letters_and_digits(value: str) -> str:
    """Return letters and digits in capitals, as numbers with letters are compared."""
    return f"upper(replaceRegexpAll(ifNull({value}, ''), '[^0-9A-Za-z]', ''))"


def host(value: str) -> str:
    """Return the host of an address on the web or of mail, without www.; empty when there is none."""
    found = "^(?:[a-z]+://)?(?:[^/@]*@)?([^/:?#\\\\s]+\\\\.[^/:?#\\\\s]+)"
    return f"replaceRegexpOne(extract(lower(ifNull({value}, '')), '{found}'), '^www[0-9]*\\\\.|\\\\.$', '')"


def unless_free(found: str) -> str:
    """Return a host, empty for a free-mail host."""
    return f"if({found} IN {_tuple(FREE_MAIL)}, '', {found})"


def email(value: str) -> str:
    """Return an address in lower case, empty when it is none."""
    return f"extract(lowerUTF8(ifNull({value}, '')), '^\\\\s*([^@\\\\s]+@[^@\\\\s]+\\\\.[^@\\\\s]+)\\\\s*$')"


def is_shared_mailbox(address: str) -> str:
    """Return the condition that several people read an address."""
    return f"splitByChar('@', {address})[1] IN {_tuple(SHARED_MAILBOXES)}"


def _tuple(words: tuple[str, ...]) -> str:
    return "(" + ", ".join(f"'{word}'" for word in words) + ")"
