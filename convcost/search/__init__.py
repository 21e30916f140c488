"""What sizes fit: requests checked, designs searched, matches put together."""
