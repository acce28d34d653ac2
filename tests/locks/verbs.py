"""Every verb that takes locks, in one table: a new one is driven against all by adding its line."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.errors import BillingError
from dashboard.extensions import db
from dashboard.organizations.change import send_ours, take_theirs
from tests.locks.credit import (
    approve_a_note,
    approve_a_void_of_a_note,
    credit,
    credit_in_vain,
    hear_of_a_note,
    show_note,
    void_a_note,
)
from tests.locks.facts import (
    adjust,
    attach_list,
    change,
    detach,
    report,
    report_and_count,
    report_and_fold,
    report_and_read_all,
    report_much,
    reprice,
)
from tests.locks.four_eyes import (
    approve_a_credit,
    approve_a_reversal,
    credit_within_the_day,
    end_what_is_late,
    end_what_is_moot,
    reverse,
)
from tests.locks.gaps import make_a_lost_customer_again
from tests.locks.life import (
    change_cycle_early,
    close_both,
    find_what_does_not_add_up,
    hold_and_let_go,
    hold_what_is_stuck,
    roll,
    seal_both,
    show_cycle,
    show_roll,
)
from tests.locks.past_due import tell_what_is_late
from tests.locks.reissues import (
    approve_a_reissue,
    hear_of_a_reissue,
    reissue,
    reissue_in_vain,
    reissue_what_is_void,
    reissue_what_was_edited,
    show_reissue,
)
from tests.locks.stage import Act, Stage
from tests.locks.standing import let_the_rules_decide, move_standing, set_standing_apart
from tests.locks.syncs import (
    act_on_both,
    ask,
    ask_for_both,
    call_without_a_sync,
    carry_out,
    decide,
    find_customer_gone,
    find_it_gone,
    reconcile,
    restore_schedule,
    settle,
    show_sync,
)
from tests.locks.told import (
    CARD,
    change_budget,
    change_details,
    change_mails,
    decide_on_a_name,
    decide_on_void,
    hear,
    hear_of_a_decline,
    hear_of_a_new_name,
    hear_of_a_refund,
    hear_of_a_void,
    hear_of_many,
    hear_of_the_end,
    new_links,
    read_again,
    show_replay,
)

VERBS: Mapping[str, Act] = {
    "report usage": report,
    "report usage, the other way round": lambda stage: report(stage, backwards=True),
    "report more than a line may hold": report_much,
    "report usage and read": report_and_count,
    "report usage and read all": report_and_read_all,
    "report usage and fold": report_and_fold,
    "attach": lambda stage: stage.attach(),
    "attach a list": attach_list,
    "detach": detach,
    "change quantity": change,
    "adjust": adjust,
    "credit within the day": credit_within_the_day,
    "approve a credit": approve_a_credit,
    "approve a reversal": approve_a_reversal,
    "approve a credit note": approve_a_note,
    "credit an issued invoice": credit,
    "credit in vain": credit_in_vain,
    "preview a credit note": show_note,
    "void a credit note": void_a_note,
    "approve a reissue": approve_a_reissue,
    "reissue an issued invoice": reissue,
    "reissue what is void": reissue_what_is_void,
    "reissue in vain": reissue_in_vain,
    "reissue what was edited": reissue_what_was_edited,
    "preview a reissue": show_reissue,
    "approve a void of a credit note": approve_a_void_of_a_note,
    "take a charge back": reverse,
    "end late proposals": end_what_is_late,
    "end moot proposals": end_what_is_moot,
    "reprice": reprice,
    "roll early": roll,
    "preview a roll": show_roll,
    "change the cycle": change_cycle_early,
    "preview a change of the cycle": show_cycle,
    "close": close_both,
    "close, the other way round": lambda stage: close_both(stage, backwards=True),
    "seal": seal_both,
    "seal without waiting": lambda stage: seal_both(stage, wait=False),
    "park and let go": hold_and_let_go,
    "hold what is stuck": hold_what_is_stuck,
    "find what does not add up": find_what_does_not_add_up,
    "request a sync": ask,
    "request both syncs": ask_for_both,
    "request both without waiting": lambda stage: ask_for_both(stage, wait=False),
    "act on both at once": act_on_both,
    "preview a sync": show_sync,
    "sync": carry_out,
    "sync for good": lambda stage: carry_out(stage, trigger="final", status="sealed"),
    "settle": settle,
    "call without a sync": call_without_a_sync,
    "reconcile": reconcile,
    "find the draft gone": find_it_gone,
    "find the customer gone": find_customer_gone,
    "make a lost customer again": make_a_lost_customer_again,
    "change details": change_details,
    "change details and sync": lambda stage: change_details(stage, sync=True),
    "change the budget": change_budget,
    "move the standing": move_standing,
    "set the standing apart": set_standing_apart,
    "let the rules decide": let_the_rules_decide,
    "change the e-mails": change_mails,
    "hear of a new name": hear_of_a_new_name,
    "take Stripe's name": lambda stage: decide_on_a_name(stage, take_theirs),
    "send our name": lambda stage: decide_on_a_name(stage, send_ours),
    "take ours": lambda stage: decide(stage, "take_ours"),
    "adopt": lambda stage: decide(stage, "adopt"),
    "leave": lambda stage: decide(stage, "leave"),
    "hear of an update": lambda stage: hear(stage, "invoice.updated"),
    "hear of a finalization": lambda stage: hear(stage, "invoice.finalized", status="open"),
    "hear of the end": hear_of_the_end,
    "hear of many": hear_of_many,
    "hear of many, the other way round": lambda stage: hear_of_many(stage, backwards=True),
    "read again": read_again,
    "hear of a refund": hear_of_a_refund,
    "hear of a credit note": hear_of_a_note,
    "hear of a reissue": hear_of_a_reissue,
    "hear of a decline": hear_of_a_decline,
    "hear of a void": hear_of_a_void,
    "bill what was void": lambda stage: decide_on_void(stage, "bill"),
    "write off what was void": lambda stage: decide_on_void(stage, "write_off"),
    "tell what is past due": tell_what_is_late,
    "hear of a failure": lambda stage: hear(stage, "invoice.finalization_failed"),
    "hear of a deletion": lambda stage: hear(stage, "invoice.deleted"),
    "hear of a deleted customer": lambda stage: hear(stage, "customer.deleted"),
    "hear of a card": lambda stage: hear(stage, "payment_method.attached", **CARD),
    "hear of a default card": lambda stage: hear(stage, "customer.updated"),
    "ask for the schedule": restore_schedule,
    "renew links": new_links,
    "preview a replay": show_replay,
}


def act(name: str, stage: Stage) -> None:
    """Do the verb; that the other one left it nothing to do is as good as done."""
    try:
        VERBS[name](stage)
    except BillingError:
        db.session.rollback()
