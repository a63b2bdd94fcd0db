"""The dashboard: Streamlit pages over the library, and the server that guards them."""
