"""What mails say: made from the rows they are about when they are sent, or looked at before."""
