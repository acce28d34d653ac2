"""What may be typed in to sign in."""

from wtforms import EmailField, HiddenField, PasswordField
from wtforms.validators import InputRequired, Length

from dashboard.forms.base import Form


class SignInForm(Form):
    """E-mail, password and the page the reader came for."""

    email = EmailField("E-mail", [InputRequired("Enter your e-mail address."), Length(max=254)])
    password = PasswordField("Password", [InputRequired("Enter your password."), Length(max=1024)])
    next = HiddenField()
