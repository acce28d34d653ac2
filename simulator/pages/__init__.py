"""What people see: the hosted invoice, the portal, the simulator's dashboard and the mails."""
