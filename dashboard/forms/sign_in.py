"""What may be typed in to sign in."""

from wtforms import EmailField, HiddenField, PasswordField
from wtforms.validators import InputRequired, Length

from dashboard.accounts.passwords import LONGEST
from dashboard.forms.base import Form


class ProofForm(Form):
    """The password of who is signed in, once more."""

    proof = PasswordField(
        "Your password", [InputRequired("Enter your password."), Length(max=LONGEST)]
    )


class SignInForm(Form):
    """E-mail, password, the page the reader came for, and what they had typed on it."""

    email = EmailField("E-mail", [InputRequired("Enter your e-mail address."), Length(max=254)])
    password = PasswordField(
        "Password", [InputRequired("Enter your password."), Length(max=LONGEST)]
    )
    next = HiddenField()
    typed = HiddenField()
