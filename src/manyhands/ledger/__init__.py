"""Double-entry accounts in integer micro-credits, chained by hashes; knows nothing of environments."""

from manyhands.ledger.accounts import ISSUER, cash, escrow, loan, stake, wallet
from manyhands.ledger.audit import Audit, Fault, audit
from manyhands.ledger.book import Balances, balance, player_balances
from manyhands.ledger.entries import Leg, Receipt, Transfer
from manyhands.ledger.loans import LoanTerms, starter_loan
from manyhands.ledger.moves import (
    Claim,
    Payment,
    charge,
    fund,
    issue,
    lock_stake,
    pay_lot,
    refund,
    return_stake,
)
from manyhands.ledger.prizes import Prize, pay_prizes, sponsor
from manyhands.ledger.splitting import split
from manyhands.ledger.statement import Line, statement

__all__ = [
    "ISSUER",
    "Audit",
    "Balances",
    "Claim",
    "Fault",
    "Leg",
    "Line",
    "LoanTerms",
    "Payment",
    "Prize",
    "Receipt",
    "Transfer",
    "audit",
    "balance",
    "cash",
    "charge",
    "escrow",
    "fund",
    "issue",
    "loan",
    "lock_stake",
    "pay_lot",
    "pay_prizes",
    "player_balances",
    "refund",
    "return_stake",
    "split",
    "sponsor",
    "stake",
    "starter_loan",
    "statement",
    "wallet",
]
