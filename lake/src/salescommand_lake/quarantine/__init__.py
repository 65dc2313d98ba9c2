"""What people do about values and events that could not be read: correct, replay, ignore, and take each back."""
