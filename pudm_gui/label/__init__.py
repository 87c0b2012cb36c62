"""The Label page: look through the images and say which are sensitive."""
