" Vim file type plugin: Containust compositions (.ctst)

if exists('b:did_ftplugin')
  finish
endif
let b:did_ftplugin = 1

" As the examples are laid out: four spaces, no tabs.
setlocal expandtab shiftwidth=4 softtabstop=4
setlocal comments=:// commentstring=//\ %s
setlocal formatoptions-=t formatoptions+=croql
" A name may have a '-' in it.
setlocal iskeyword+=-
" gf on the file of an IMPORT.
setlocal suffixesadd=.ctst

let b:undo_ftplugin = 'setlocal expandtab< shiftwidth< softtabstop< comments< commentstring< formatoptions< iskeyword< suffixesadd<'
