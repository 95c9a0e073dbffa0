"""Tables, panels, trees and progress, drawn by Rich."""
