"""What is made up: notes with their signs, films and sounds of nobody, drawn opacities."""
